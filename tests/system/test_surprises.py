"""The surprises that such tools are known for, one by one: none loses data, loops, or stays unexplained."""
import network

DELETES = ("Delete", "Release", "Detach", "Disassociate", "Revoke")


def destroyed(proxy):
    return [call.operation for call in proxy.mutations() if call.operation.startswith(DELETES)]


def reasons(status):
    return {r["address"]: r["reason"] for r in status["resources"]}


def braked(status):
    return {layer["name"]: layer["braked"]["brake"] for layer in status["layers"] if layer["braked"]}


def many(count, **how):
    """A VPC with so many subnets."""
    return {**network.head(**how), "network": {
        "vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
        "subnet": {f"s{i:02}": {"vpc": "main", "cidr_block": f"10.0.{i}.0/24", "availability_zone": "a",
                                "map_public_ip_on_launch": True} for i in range(count)}}}


def test_an_emptied_file_stops_everything_until_it_is_released(held, proxy, ec2):
    tree = network.small(prune="delete")
    daemon = held(network.dump(tree))
    before = network.in_aws(ec2)
    proxy.clear_calls()
    daemon.write(network.dump(network.head(prune="delete")))
    daemon.reload()
    daemon.sync()
    status = daemon.wait_status(lambda status: len(braked(status)) >= 2, "the brakes to show")
    assert set(braked(status).values()) == {"file"}
    assert "network braked" in status["summary"]
    assert proxy.mutations() == [] and network.in_aws(ec2) == before
    assert {"Orphaned"} == {r["sync"] for r in status["resources"]}
    said = daemon.holdfast("status", check=0).stdout
    assert "left the file" in said and "holdfast release network" in said
    assert "braked" in daemon.holdfast("orders", check=0).stdout
    status_code, metrics = daemon.request("GET", "/metrics")
    assert status_code == 200 and 'holdfast_braked{stack="shop",layer="network"} 1' in metrics
    # It is in Postgres, and the file put right ends the danger but not the brake.
    assert daemon.stop() == 0
    daemon.start()
    daemon.wait_status(lambda status: len(braked(status)) >= 2, "the brakes to be there after a restart")
    daemon.sync()
    assert proxy.mutations() == []
    daemon.write(network.dump(tree))
    daemon.reload()
    daemon.sync()
    daemon.wait_synced()
    assert daemon.holdfast("release", "compute", check=1).stderr
    assert "network" in daemon.holdfast("release", "--reason", "mended", check=0).stdout
    assert braked(daemon.status()) == {} and network.in_aws(ec2) == before
    # Meant this time: released for an hour, it goes.
    daemon.write(network.dump(network.head(prune="delete")))
    daemon.reload()
    daemon.wait_status(lambda status: not network.in_aws(ec2), "what was released to go")


def test_more_deletions_than_the_policy_allows_wait_for_a_person(held, proxy, ec2):
    daemon = held(network.dump(many(30, prune="delete")))
    proxy.clear_calls()
    daemon.write(network.dump(many(18, prune="delete")))
    daemon.reload()
    daemon.sync()
    daemon.wait_status(lambda status: braked(status) == {"network": "deletions"}, "the brake to show")
    assert destroyed(proxy) == []
    status = daemon.status()
    assert [r["reason"] for r in status["resources"] if r["sync"] == "Orphaned"] == ["Braked"] * 12
    assert daemon.holdfast_json("plan", check=2)["counts"]["held"] == 12
    # One of them may be approved by itself.
    daemon.holdfast("approve", "network.subnet.s29", check=0)
    daemon.wait_status(lambda status: destroyed(proxy) == ["DeleteSubnet"], "the approved one to go")
    daemon.holdfast("release", "network", check=0)
    daemon.wait_synced()
    assert destroyed(proxy) == ["DeleteSubnet"] * 12


def test_drift_all_over_a_layer_is_somebody_at_work(held, proxy, ec2):
    daemon = held(network.dump(many(24)))
    ids = [i for address, i in daemon.ids().items() if ".subnet." in address]
    for subnet in ids[:4]:  # a handful is corrected
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    daemon.sync()
    daemon.wait_synced()
    assert braked(daemon.status()) == {}
    for subnet in ids[4:]:  # the others: what was corrected just now may be a read that lags
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    proxy.clear_calls()
    daemon.sync()
    status = daemon.wait_status(lambda status: braked(status) == {"network": "drift"}, "the brake to show")
    assert proxy.mutations() == []
    assert list(reasons(status).values()).count("Braked") == 20
    daemon.sync()
    assert proxy.mutations() == []
    daemon.holdfast("release", "network", "--reason", "they are done", check=0)
    daemon.wait_synced()
    assert len(proxy.mutations()) == 20
