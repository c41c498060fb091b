"""What AWS makes anew each time it is asked, and takes no token for: one of it, whatever became of the answer."""
import time

import pytest

import inventory
import network
from daemon import wait_until

CONTAINERS = [{"name": "web", "image": "nginx:1", "essential": True, "memory": 128}]
PARTS = {
    "task_definition": ("RegisterTaskDefinition", {"compute": {
        "task_definition": {"web": {"container_definitions": CONTAINERS}}}}),
    "kms_key": ("CreateKey", {"security": {"kms_key": {"main": {"description": "data"}}}}),
    "elastic_ip": ("AllocateAddress", {"network": {"elastic_ip": {"nat": {}}}}),
    "security_group": ("CreateSecurityGroup", {
        "network": {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}}},
        "security": {"security_group": {"web": {"vpc": "main", "description": "web"}}}}),
}


def made(proxy, operation):
    return [call for call in proxy.seen(operation) if call.executed]


@pytest.mark.parametrize("record", ["kept", "lost"])
@pytest.mark.parametrize("kind", PARTS)
def test_a_kill_between_the_deed_and_its_answer_makes_no_second_one(
        make_daemon, emulator, proxy, postgres, kind, record):
    operation, layers = PARTS[kind]
    tree = {**network.head(), **layers}
    before = inventory.everything(emulator)
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo())
    proxy.fail("after", operation, times=1, change=lambda call: daemon.process.kill())
    daemon.start(wait=False)
    wait_until(lambda: daemon.process.poll() is not None, "the call to be its last")
    assert len(made(proxy, operation)) == 1
    if record == "lost":
        postgres.sql("DROP SCHEMA holdfast CASCADE")
    daemon.start()
    daemon.wait_synced()
    assert len(made(proxy, operation)) == 1
    assert inventory.problems(emulator, before, tree) == []
    if record == "kept":
        wait_until(lambda: postgres.sql("SELECT outcome FROM holdfast.action WHERE change = '+' "
                                        f"AND operation LIKE '%:{operation}'") == [["unknown"]], "the record of it")


def test_reads_that_are_stale_for_two_minutes_make_no_second_one(make_daemon, emulator, proxy, postgres):
    """Each create is carried out, its answer is lost, the daemon is killed; what was read before them is what is
    read for two minutes."""
    tree = {**network.head(interval="10s"),
            "network": {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}}, "elastic_ip": {"nat": {}}},
            "security": PARTS["kms_key"][1]["security"], "compute": PARTS["task_definition"][1]["compute"]}
    operations = ["CreateVpc", "AllocateAddress", "CreateKey", "RegisterTaskDefinition"]
    before = inventory.everything(emulator)
    proxy.frozen = True
    for operation in operations:
        proxy.fail("lose", operation)
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo())
    daemon.start()
    wait_until(lambda: all(made(proxy, operation) for operation in operations), "all to be made")
    at = time.monotonic()
    daemon.kill()
    daemon.start()
    wait_until(lambda: time.monotonic() - at > 120, "two minutes", 130, daemon.check_alive)
    assert {operation: len(proxy.seen(operation)) for operation in operations} == dict.fromkeys(operations, 1)
    proxy.behave()
    proxy.frozen = False
    daemon.wait_synced()
    assert {operation: len(proxy.seen(operation)) for operation in operations} == dict.fromkeys(operations, 1)
    assert inventory.problems(emulator, before, tree) == []
