"""Secrets' values stand nowhere: not in the log, the store, the status, the plan or argv; and a stack's marks outlive a restart."""
import json
import os
import signal

import pytest
import yaml

import as_aws
from daemon import Daemon
from emulator import ACCOUNT, REGION
from proxy import Proxy

ENV, FILE, NEXT = "canary-Env-7f3a", "canary-File-91bc", "canary-Next-55de"


def text_of(stack):
    head = {"stack": "shop", "account": ACCOUNT, "region": REGION, "policy": {"interval": "1h"}}
    return yaml.safe_dump({**head, "security": stack}, sort_keys=False)


@pytest.fixture
def world(emulator, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "db").write_text(FILE + "\n")
    certificate, key = as_aws.certificate("intern.example.com")
    (tmp_path / "web.pem").write_text(certificate)
    (tmp_path / "web.key").write_text(key)
    proxy = Proxy(emulator.port)
    proxy.behaviours = [as_aws.acm_serial(), as_aws.acm_words()]
    stack = {"secret": {"env": {"value_from": {"env": "HF_CANARY"}}, "file": {"value_from": {"file": str(tmp_path / "db")}},
                        "made": {"generate": {"password_length": 40, "exclude_punctuation": True}}},
             "certificate": {"web": {"certificate_file": str(tmp_path / "web.pem"),
                                     "private_key_file": str(tmp_path / "web.key")}}}
    daemon = Daemon(proxy.url, text_of(stack), environment={"HF_CANARY": ENV})
    yield daemon, proxy, emulator.client("secretsmanager"), tmp_path
    daemon.close()
    proxy.close()


def everything_told(daemon):
    """What an operator, a reader of the socket or of the process table can see."""
    for path in ("/v1/status", "/v1/plan", "/v1/diff", "/v1/history?limit=1000", "/v1/drift"):
        yield json.dumps(daemon.get(path))
    for address in daemon.resources():
        yield json.dumps(daemon.get(f"/v1/resources/{address}"))
    with open(f"/proc/{daemon.process.pid}/cmdline", "rb") as file:
        yield file.read().decode()
    yield daemon.log()


def memory(pid):
    """All that the process can write to, and may have left something in."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            place, rights = line.split()[:2]
            low, high = (int(end, 16) for end in place.split("-"))
            if rights.startswith("rw"):
                mem.seek(low)
                yield mem.read(high - low)


def test_no_value_stays_in_memory(world):
    daemon, proxy, secrets, folder = world
    daemon.start()
    daemon.wait_synced()
    made = secrets.get_secret_value(SecretId="shop-made")["SecretString"]
    key = (folder / "web.key").read_text().splitlines()[1]
    left = b"".join(memory(daemon.process.pid))
    assert b"shop-made" in left
    for canary in (FILE, made, key):
        assert canary.encode() not in left, canary


def test_no_value_stands_in_log_store_status_or_argv(world):
    daemon, proxy, secrets, folder = world
    daemon.start()
    daemon.wait_synced()
    made = secrets.get_secret_value(SecretId="shop-made")["SecretString"]
    key = (folder / "web.key").read_text().splitlines()[1]
    assert len(made) == 40
    assert secrets.get_secret_value(SecretId="shop-file")["SecretString"] == FILE
    (folder / "db").write_text(NEXT)
    daemon.reload()
    daemon.wait_status(lambda _: secrets.get_secret_value(SecretId="shop-file")["SecretString"] == NEXT, "the next value")
    daemon.wait_synced()
    canaries = [ENV, FILE, NEXT, made, key]
    for told in everything_told(daemon):
        for canary in canaries:
            assert canary not in told
    assert daemon.stop() == 0
    for path in daemon.state.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for canary in canaries:
                assert canary.encode() not in content, path


def test_a_second_start_writes_no_version_and_a_lost_store_one_each(world):
    daemon, proxy, secrets, _ = world
    daemon.start()
    daemon.wait_synced()
    assert daemon.stop() == 0
    proxy.clear_calls()
    daemon.start()
    daemon.wait_synced()
    daemon.sync()
    assert [call.operation for call in proxy.mutations()] == []
    assert daemon.stop() == 0
    daemon.state = daemon.home / "another-state"  # the key is lost with everything else
    daemon.start()
    daemon.wait_synced()
    assert sorted(call.operation for call in proxy.mutations()) == ["PutSecretValue", "PutSecretValue"]
    proxy.clear_calls()
    daemon.sync()
    daemon.sync()
    assert [call.operation for call in proxy.mutations()] == []


def test_a_missing_value_is_waited_for_and_nothing_is_made_of_it(world):
    daemon, proxy, secrets, folder = world
    os.unlink(folder / "db")
    daemon.start()
    row = daemon.wait_status(
        lambda status: next((r for r in status["resources"] if r["address"] == "security.secret.file" and r["reason"] == "Waiting"), None),
        "the secret to wait")
    assert row
    assert "shop-file" not in [s["Name"] for s in secrets.list_secrets()["SecretList"]]
    (folder / "db").write_text(NEXT)
    daemon.reload()
    daemon.wait_synced()
    assert secrets.get_secret_value(SecretId="shop-file")["SecretString"] == NEXT


def test_a_certificate_that_waits_shows_the_records_to_create(emulator):
    proxy = Proxy(emulator.port)

    def pending(call, status, answer):
        if call.operation != "DescribeCertificate" or status != 200:
            return status, answer
        return status, answer.replace(b'"ISSUED"', b'"PENDING_VALIDATION"')
    proxy.behaviours = [pending]
    daemon = Daemon(proxy.url, text_of({"certificate": {"web": {"domain_name": "shop.example.com", "validation_method": "DNS"}}}))
    try:
        daemon.start()
        daemon.wait_status(lambda status: any("create the DNS record _" in (r["message"] or "") and r["health"] == "Progressing"
                                              for r in status["resources"]), "the record to be shown")
        proxy.behaviours = []
        daemon.sync()
        daemon.wait_synced()
    finally:
        daemon.close()
        proxy.close()


def test_what_left_the_file_and_comes_back_in_time_is_restored_with_what_it_held(emulator):
    proxy = Proxy(emulator.port)
    proxy.behaviours = [as_aws.kms_key_arns()]
    stack = {"kms_key": {"main": {"pending_window_in_days": 7}},
             "secret": {"made": {"generate": {}, "recovery_window_in_days": 9}}}
    daemon = Daemon(proxy.url, text_of(stack))
    secrets = emulator.client("secretsmanager")
    try:
        daemon.start()
        daemon.wait_synced()
        before = daemon.ids()
        value = secrets.get_secret_value(SecretId="shop-made")["SecretString"]
        daemon.write(text_of({}))
        daemon.reload()
        daemon.sync()
        for address in before:
            daemon.post("/v1/approve", {"target": address})
        daemon.wait_status(lambda status: not status["resources"], "both to be scheduled for deletion")
        assert proxy.seen("ScheduleKeyDeletion")[0].params["PendingWindowInDays"] == 7
        assert proxy.seen("DeleteSecret")[0].params["RecoveryWindowInDays"] == 9
        proxy.clear_calls()
        daemon.write(text_of(stack))
        daemon.reload()
        daemon.wait_synced()
        assert daemon.ids() == before
        assert secrets.get_secret_value(SecretId="shop-made")["SecretString"] == value
        assert sorted(call.operation for call in proxy.mutations()) == ["CancelKeyDeletion", "EnableKey", "RestoreSecret"]
    finally:
        daemon.close()
        proxy.close()


def test_a_key_whose_create_call_got_no_answer_is_found_again(emulator):
    proxy = Proxy(emulator.port)
    proxy.behaviours = [as_aws.kms_key_arns()]
    proxy.fail("lose", "CreateKey", times=1)
    daemon = Daemon(proxy.url, text_of({"kms_key": {"main": {"alias": "shop-main"}}}))
    try:
        daemon.start()
        daemon.wait_synced(patience=90)
        assert len(emulator.client("kms").list_keys()["Keys"]) == 1
        assert emulator.client("kms").describe_key(KeyId="alias/shop-main")["KeyMetadata"]["Arn"] == daemon.ids()["security.kms_key.main"]
    finally:
        daemon.close()
        proxy.close()


def test_a_daemon_that_is_aborted_leaves_no_core(world):
    daemon, proxy, secrets, folder = world
    daemon.start()
    daemon.wait_synced()
    (folder / "db").write_text(NEXT)
    daemon.reload()
    daemon.wait_status(lambda _: secrets.get_secret_value(SecretId="shop-file")["SecretString"] == NEXT, "the next value")
    daemon.wait_synced()
    daemon.sync()
    pid = daemon.process.pid
    with open(f"/proc/{pid}/limits") as limits:
        assert next(line for line in limits if line.startswith("Max core file size")).split()[4:6] == ["0", "0"]
    before = set(os.listdir(daemon.home)) | set(os.listdir("."))
    daemon.process.send_signal(signal.SIGABRT)
    status = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert status.si_code == os.CLD_KILLED, "CLD_DUMPED would say that there is a core"
    daemon.process.wait()
    assert not [name for name in (set(os.listdir(daemon.home)) | set(os.listdir("."))) - before if "core" in name]
