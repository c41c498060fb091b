"""The command line against a daemon that holds a small network."""
import json

import pytest

import network


@pytest.fixture(scope="module")
def daemon(emulator_process):
    from daemon import Daemon
    from proxy import Proxy
    emulator_process.reset()
    proxy = Proxy(emulator_process.port)
    daemon = Daemon(proxy.url, network.dump(network.small()))
    try:
        daemon.start()
        daemon.wait_synced()
        yield daemon
    finally:
        daemon.close()
        proxy.close()


def test_status_is_stable_json(daemon):
    status = daemon.holdfast_json("status", check=0)
    assert status["format"] == 1 and status["stack"] == "shop"
    assert {row["address"] for row in status["resources"]} == network.addresses(network.small())
    for row in status["resources"]:
        assert {"address", "kind", "layer", "id", "sync", "health", "reason", "message", "checked_at"} <= set(row)
    for layer in status["layers"]:
        assert {"name", "sync", "health", "resources", "drifted", "held", "checked_at", "last_pass"} <= set(layer)


def test_status_says_how_old_it_is_and_has_no_colour_in_a_pipe(daemon):
    text = daemon.holdfast("status", check=0).stdout
    assert "network.subnet.public-a" in text or "Synced" in text
    assert "ago" in text and "\033" not in text


def test_plan_and_diff_end_with_0_where_nothing_is_to_do(daemon):
    daemon.holdfast("plan", check=0)
    daemon.holdfast("diff", check=0)
    assert daemon.holdfast_json("plan")["actions"] == []


def test_get_shows_one_resource(daemon):
    found = daemon.holdfast_json("get", "network.vpc.main", check=0)
    assert "10.0.0.0/16" in json.dumps(found)
    assert daemon.holdfast("get", "network.vpc.nothing").returncode == 1


def test_validate_tells_place_and_remedy(daemon):
    path = daemon.home / "bad.yaml"
    path.write_text("stack: shop\nnetwork:\n  vpc:\n    main: {cidr_blok: 10.0.0.0/16}\n")
    done = daemon.holdfast("validate", str(path), check=1)
    assert f"{path}:4:12" in done.stdout + done.stderr
    assert "cidr_block" in done.stdout + done.stderr
    daemon.holdfast("validate", str(daemon.config), check=0)


def test_a_reload_gives_advice_and_takes_the_file_all_the_same(daemon):
    before = daemon.config.read_text()
    stack = network.small()
    group = {"vpc": "main", "policy": {"mode": "observe"}, "ingress": [
        {"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"}]}
    stack["security"]["security_group"]["bastion"] = group
    try:
        daemon.write(network.dump(stack))
        done = daemon.holdfast("reload", check=0)
        assert "security.security_group.bastion: tcp 22 is open to 0.0.0.0/0" in done.stdout
        assert daemon.holdfast("validate", "--strict", str(daemon.config)).returncode == 1
        group["policy"] = {"mode": "observe", "accept": {"open-ingress": "keys only"}}
        daemon.write(network.dump(stack))
        assert "open-ingress" not in daemon.holdfast("reload", check=0).stdout
        daemon.holdfast("validate", "--strict", str(daemon.config), check=0)
    finally:
        daemon.write(before)
        daemon.holdfast("reload", check=0)


@pytest.mark.parametrize("kind", ["vpc", "subnet", "route_table", "security_group", "vpc.cidr_block"])
def test_explain_knows_the_kinds(daemon, kind):
    assert kind.split(".")[0] in daemon.holdfast("explain", kind, check=0).stdout


def test_explain_of_a_slip_says_what_was_meant(daemon):
    done = daemon.holdfast("explain", "subnett", check=1)
    assert "subnet" in done.stderr


def test_history_has_the_creation(daemon):
    text = daemon.holdfast("history", check=0).stdout
    assert "network.vpc.main" in text
    entries = daemon.holdfast_json("history", check=0)["entries"]
    made = [e for e in entries if e["what"] == "action" and e["address"] == "network.vpc.main"]
    assert any("CreateVpc" in e["detail"]["operation"] for e in made)


def test_sync_and_reload_end_with_0(daemon):
    daemon.holdfast("sync", check=0)
    daemon.holdfast("reload", check=0)


def test_without_a_daemon_it_says_so_and_ends_with_1(daemon, tmp_path):
    import subprocess
    from daemon import BUILD
    done = subprocess.run([BUILD / "holdfast", "--socket", tmp_path / "none", "status"],
                          capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and "none" in done.stderr


def test_drift_ends_with_2_while_there_is_some(emulator_process, daemon):
    ec2 = emulator_process.client("ec2")
    subnet = daemon.ids()["network.subnet.public-a"]
    daemon.send_signal(19)  # SIGSTOP: it shall not mend anything yet
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    daemon.send_signal(18)  # SIGCONT
    daemon.sync()
    daemon.wait_synced()
    daemon.holdfast("drift", check=0)
    entries = daemon.holdfast_json("history", check=0)["entries"]
    drift = [e for e in entries if e["what"] == "drift"]
    assert drift and drift[0]["address"] == "network.subnet.public-a"
    assert (drift[0]["detail"]["desired"], drift[0]["detail"]["observed"]) == (True, False)
