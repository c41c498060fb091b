"""kill -9 at random instants, again and again, while a network comes up and while it goes: one of each in the
end, then none, and a record of every call."""
import os
import random
import time

import network
from daemon import wait_until

KILLS = int(os.environ.get("HOLDFAST_TEST_KILLS", "20"))
PATIENCE_DOWN = float(os.environ.get("HOLDFAST_TEST_DOWN", "240"))
SEED = int(os.environ.get("HOLDFAST_TEST_SEED", str(random.randrange(1 << 30))))


def kill_again_and_again(daemon, rng, is_over, kills=KILLS):
    """Each kill at any time after any start, mostly while something is on its way."""
    done = 0
    while done < kills and not is_over():
        daemon.start(wait=False)
        time.sleep(rng.uniform(0.3, 1.2))
        daemon.kill()
        done += 1
    return done


def count_of_executed(proxy, prefix):
    return sum(1 for call in proxy.mutations() if call.operation.startswith(prefix) and call.executed
               and call.status in (0, 200))


def actions(postgres):
    return [tuple(row) for row in postgres.sql(
        "SELECT operation, coalesce(outcome, 'open') FROM holdfast.action ORDER BY intended_at")]


def tell(daemon):
    return f"seed {SEED}\n{daemon.picture()}\n{daemon.log_end(60)}"


def test_a_network_that_comes_and_goes_under_kills(make_daemon, emulator, proxy, postgres, ec2):
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    network.prepare(emulator)
    tree = network.forty_tree(interval="10s", prune="delete", most_deletes=100)
    # The emulator leaves a gateway endpoint in "deleting" for ever when a route table of it is deleted while it
    # still works on the endpoint; AWS lets a table go then.
    for name in ("s3", "dynamodb"):
        del tree["network"]["vpc_endpoint"][name]
    wanted = sorted(network.addresses(tree))
    proxy.delay = 0.08
    daemon = make_daemon(network.dump(tree), postgres=postgres.conninfo())
    kills = kill_again_and_again(daemon, rng, lambda: False)
    print(f"{kills} kills, {len(network.in_aws(ec2))} there")
    daemon.start()
    daemon.wait_synced(patience=240)  # what may have been created is looked for first
    found = sorted(address for address, _ in network.in_aws(ec2))
    assert found == wanted, tell(daemon)
    created = count_of_executed(proxy, "Create") + count_of_executed(proxy, "Allocate")
    print(f"{created} creating calls carried out")
    # Every call that AWS saw was intended, and nothing stays open.
    seen = {}
    for call in proxy.mutations():
        if call.executed:
            seen[call.name] = seen.get(call.name, 0) + 1
    recorded = {}
    for operation, _ in actions(postgres):
        recorded[operation] = recorded.get(operation, 0) + 1
    assert all(recorded.get(name, 0) >= count for name, count in seen.items() if not name.startswith("sts:")), (
        seen, recorded)
    wait_until(lambda: not [a for a in actions(postgres) if a[1] == "open"], "no intent to stay open", patience=150)
    daemon.kill()

    bare = {key: value for key, value in tree.items() if key not in ("network", "security")}
    daemon.write(network.dump(bare))
    kills = kill_again_and_again(daemon, rng, lambda: not network.in_aws(ec2))
    print(f"{kills} kills on the way down, {len(network.in_aws(ec2))} left")
    daemon.start()
    try:
        wait_until(lambda: not network.in_aws(ec2), "everything to go", patience=PATIENCE_DOWN,
                   alive=daemon.check_alive)
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{network.in_aws(ec2)}\n{tell(daemon)}") from None
    wait_until(lambda: not daemon.status()["resources"], "everything to be forgotten", patience=120)
    assert ec2.describe_addresses()["Addresses"] == []
    # Who was killed does not hear its answer.
    proxy.errors[:] = [e for e in proxy.errors if "BrokenPipeError" not in e and "ConnectionResetError" not in e]
