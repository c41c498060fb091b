"""Rows that people changed by hand: the daemon runs on them, says what it found, and writes nothing by mistake."""
import time

import pytest

import network
from daemon import wait_until

SUBNET = "network.subnet.public-a"
TREE = network.small(prune="delete")  # a mistake would delete

# What may be done to one row of the record, and what it must not lead to.
RECORDS = {
    "a list": "data = '[]'",
    "a text": "data = '\"rubbish\"'",
    "null": "data = 'null', aws_id = NULL",
    "wrong types": "data = '{\"created_ms\": \"x\", \"baseline\": [], \"drifts\": 7, \"observed\": 3, \"writes\": \"w\","
                   " \"depends_on\": {}, \"tags\": {\"a\": 1}, \"kept\": [1], \"unseen\": {}, \"foreign\": \"yes\"}'",
    "a number without bound": "data = '{\"created_ms\": 1e400}'",
    "instants yet to come": "data = data || '{\"created_ms\": 32503680000000, \"deleted_ms\": 32503680000000,"
                            " \"restored_ms\": 32503680000000, \"left_ms\": 32503680000000}'",
    "instants without end": "updated_at = 'infinity'",
    "another kind": "kind = 'vpcs'",
    "another layer": "layer = 'monitoring', kind = 'VPC'",
    "the id of another": "aws_id = (SELECT aws_id FROM holdfast.resource WHERE address = 'network.subnet.public-b')",
    "the address of nothing declared": "address = 'network.subnet.other'",
    "an id of nothing": "aws_id = 'subnet-00000000000000000'",
    "an id that is none": "aws_id = E'\\x01; DROP TABLE'",
}


@pytest.fixture
def daemon(make_daemon, postgres):
    daemon = make_daemon(network.dump(TREE), postgres=postgres.conninfo()).start()
    daemon.wait_synced()
    wait_until(lambda: daemon.status()["store"]["history_waiting"] == 0, "all history to be told")
    return daemon


def wait_in_order(daemon):
    """All that the file declares; of what it does not, rows may tell what they like."""
    def is_well(status):
        rows = {row["address"]: row for row in status["resources"]}
        return all(rows[a]["sync"] == "Synced" and rows[a]["health"] == "Healthy" for a in network.addresses(TREE))

    daemon.wait_status(is_well, "everything that is declared to be in order")


def everything_is_as_it_was(daemon, proxy, ec2, before):
    wait_in_order(daemon)
    daemon.sync()
    wait_in_order(daemon)
    assert sorted(network.in_aws(ec2)) == before
    assert [call.name for call in proxy.mutations()] == []


def test_records_changed_by_hand_change_nothing_in_aws(daemon, postgres, proxy, ec2):
    before = sorted(network.in_aws(ec2))
    kept = "CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM holdfast.resource"
    assert daemon.stop() == 0
    postgres.sql(kept)
    for name, change in RECORDS.items():
        print(name)
        postgres.sql("DELETE FROM holdfast.resource; INSERT INTO holdfast.resource SELECT * FROM kept")
        postgres.sql(f"UPDATE holdfast.resource SET {change} WHERE address = '{SUBNET}'")
        proxy.clear_calls()
        daemon.start()
        everything_is_as_it_was(daemon, proxy, ec2, before)
        assert daemon.stop() == 0
    postgres.sql("DELETE FROM holdfast.resource WHERE address LIKE '%subnet%'")
    proxy.clear_calls()
    daemon.start()
    everything_is_as_it_was(daemon, proxy, ec2, before)
    for said in ("yet to come", "of no known kind", "counts as absent", "claim one object"):  # what it found
        assert said in daemon.log(), said


def test_other_rows_changed_by_hand_change_nothing_in_aws(daemon, postgres, proxy, ec2):
    before = sorted(network.in_aws(ec2))
    assert daemon.stop() == 0
    postgres.sql("""
        INSERT INTO holdfast.action (action_id, stack, address, operation, change, intended_at) VALUES
          ('1', 'shop', 'nonsense', 'nonsense', '?', 'infinity'),
          ('2', 'shop', 'network.subnet.public-a', 'ec2:CreateSubnet', '+', '-infinity'),
          ('3', 'shop', 'network.subnet.public-a', 'ec2:DeleteSubnet', '-', '9999-01-01'),
          ('4', 'shop', 'network.subnet.none', 'ec2:CreateSubnet', '+', '9999-01-01');
        INSERT INTO holdfast.hold (hold_id, stack, address, digest, change, what, state, at) VALUES
          ('1', 'shop', 'network.subnet.public-a', NULL, '-/+', '[1]', 'aproved', 'infinity'),
          ('2', 'shop', 'nowhere', 'abc', '-', '"x"', 'approved', '-infinity');
        INSERT INTO holdfast.drift (drift_id, stack, address, field, type, opened_at) VALUES
          ('1', 'shop', 'network.subnet.public-a', NULL, 'rubbish', 'infinity'),
          ('2', 'shop', 'network.subnet.public-a', 'MapPublicIpOnLaunch', 'changed', 'epoch'),
          ('3', 'shop', 'network.subnet.public-a', 'MapPublicIpOnLaunch', 'changed', 'epoch'),
          ('4', 'shop', 'not.there.any-more', 'x', 'changed', '-infinity');
        INSERT INTO holdfast.people_order (order_id, stack, sort, target, who, at, until) VALUES
          ('1', 'shop', 'pausd', 'network', 'ann', 'infinity', 'infinity'),
          ('2', 'shop', 'ignore', '', 'ann', '-infinity', NULL);
        INSERT INTO holdfast.daemon VALUES
          ('ghost', NULL, -1, NULL, '7', false, 'infinity', '-infinity', 'infinity'),
          ('', 'x', 9e18::bigint, 'v', '["shop"]', true, 'epoch', 'epoch', 'infinity');
        INSERT INTO holdfast.incident VALUES
          ('shop', 'drift shop x', '[]', '{"trigger": 5}', 'infinity'), ('shop', '', '{"fields": 3}', '[]', 'epoch');
        UPDATE holdfast.stack_key SET key = 'no key';
        UPDATE holdfast.config_use SET at = 'infinity';
    """)
    proxy.clear_calls()
    daemon.start()
    everything_is_as_it_was(daemon, proxy, ec2, before)
    for command in ("status", "history", "drift", "orders", "events"):
        assert daemon.holdfast(command).returncode in (0, 2), command
    # And drift is corrected as ever.
    subnet = daemon.ids()[SUBNET]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    daemon.sync("network")
    wait_until(lambda: ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"],
               "the drift to be mended")


@pytest.mark.parametrize("change,mended", [
    ("token = 9223372036854775807, holder = '', expires_at = '-infinity'", "token = 5"),
    ("expires_at = 'infinity', holder = 'nobody that is', token = token + 1, taken_at = 'infinity'",
     "expires_at = clock_timestamp()"),
    ("token = -9223372036854775808, beats = -1, holder = 'x', expires_at = 'epoch'", None),
    ("beats = 9223372036854775807", "beats = 1")])
def test_a_lease_changed_by_hand_lets_nobody_write_without_it(daemon, postgres, proxy, ec2, change, mended):
    subnet = daemon.ids()[SUBNET]
    postgres.sql(f"UPDATE holdfast.lease SET {change}")
    if mended:
        wait_until(lambda: not daemon.status()["lease"]["proven"], "the lease not to be proven", 20)
        proxy.clear_calls()
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
        daemon.sync("network")
        time.sleep(7)  # a lease and more
        assert proxy.mutations() == []
        if "922337" in change:
            assert "out of range" in daemon.holdfast("status").stdout + daemon.log()
        postgres.sql(f"UPDATE holdfast.lease SET {mended}")
    else:
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
        daemon.sync("network")
    wait_until(lambda: ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"],
               "the drift to be mended")
