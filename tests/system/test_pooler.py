"""pgbouncer between the daemon and Postgres: session and transaction pooling work, statement pooling is refused."""
import pytest

import network
from daemon import wait_until
from pooler import Pooler

SUBNET = "network.subnet.public-a"


@pytest.fixture
def make_pooler(postgres):
    made = []

    def make(mode, **settings):
        made.append(Pooler(postgres, mode, **settings))
        return made[-1]

    yield make
    for pooler in made:
        pooler.close()


def mend_one(daemon, ec2):
    subnet = daemon.ids()[SUBNET]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    daemon.sync("network")
    wait_until(lambda: ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"],
               "the drift to be mended")
    daemon.wait_synced()  # and seen to be


@pytest.mark.parametrize("mode,settings", [
    ("session", {}), ("transaction", {}), ("transaction", {"ignore_startup_parameters": "options"})])
def test_a_pooler_in_between_changes_nothing(make_daemon, make_pooler, postgres, ec2, mode, settings):
    pooler = make_pooler(mode, **settings)
    tree = network.small()
    first = make_daemon(network.dump(tree), postgres=pooler.conninfo()).start()
    first.wait_synced()
    assert sorted(address for address, _ in network.in_aws(ec2)) == sorted(network.addresses(tree))
    # Two daemons share the pool's few connections: nothing of one session may show in another's.
    second = make_daemon(network.dump(tree), postgres=pooler.conninfo()).start()
    second.wait_status(lambda s: s["lease"]["role"] == "standby", "the second to stand by")
    mend_one(first, ec2)
    pooler.kill()
    wait_until(lambda: first.status()["store"]["phase"] != "ready", "the loss to be seen")
    pooler.start()
    mend_one(first, ec2)
    for _ in range(10):
        postgres.end_connections()  # the pooler's own to the server
        first.sync()
    mend_one(first, ec2)
    assert first.stop() == 0
    second.wait_status(lambda s: s["lease"]["role"] == "leader", "the second to lead")
    mend_one(second, ec2)
    wait_until(lambda: second.status()["store"]["history_waiting"] == 0, "all history to be told")
    assert postgres.sql("SELECT count(*) FROM holdfast.action WHERE outcome IS NULL") == [["0"]]
    assert postgres.sql(f"SELECT how FROM holdfast.drift WHERE address = '{SUBNET}'") == [["corrected"]] * 4
    assert "prepared statement" not in postgres.log() and "advisory" not in postgres.log()


def test_statement_pooling_is_refused_with_the_reason(make_daemon, make_pooler, proxy, postgres):
    pooler = make_pooler("statement")
    daemon = make_daemon(network.dump(network.small()), postgres=pooler.conninfo()).start()
    daemon.wait_status(lambda s: "transaction" in s["store"]["message"], "the reason to be said")
    daemon.wait_status(lambda s: s["resources"] and all(r["sync"] == "Missing" for r in s["resources"]),
                       "everything to be looked at")
    assert proxy.mutations() == []
