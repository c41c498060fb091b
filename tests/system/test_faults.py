"""AWS and the way to it go wrong: throttled, broken, lost, lying."""
import pytest

import network
from daemon import wait_until
from emulator import REGION


def made_once(tree, ec2):
    found = network.in_aws(ec2)
    assert sorted(address for address, _ in found) == sorted(network.addresses(tree))


CREATES = ["CreateVpc", "CreateInternetGateway", "CreateSubnet", "CreateRouteTable", "CreateSecurityGroup"]


@pytest.mark.parametrize("kind", ["lose", "lose_fin", "truncate"])
def test_creates_whose_answers_are_lost_are_found_and_not_repeated(make_daemon, proxy, ec2, kind):
    tree = network.small()
    lost = [proxy.fail(kind, operation, times=1) for operation in CREATES]
    make_daemon(network.dump(tree)).start().wait_synced()
    assert all(fault.hits for fault in lost)
    made_once(tree, ec2)


def test_a_create_that_never_arrived_is_made_once_it_is_sure_that_nothing_is_there(make_daemon, proxy, ec2):
    tree = network.small()
    proxy.fail("refuse", "CreateVpc", times=1)
    make_daemon(network.dump(tree)).start().wait_synced(patience=200)  # it looks for two minutes
    made_once(tree, ec2)


def with_tokens():
    """Two whose creates take a token of the client."""
    tree = network.small()
    tree["network"]["vpc_endpoint"] = {"s3": {"vpc": "main", "vpc_endpoint_type": "Gateway", "route_tables": ["public"],
                                              "service_name": f"com.amazonaws.{REGION}.s3"}}
    tree["network"]["elastic_ip"] = {"nat": {}}
    tree["network"]["nat_gateway"] = {"main": {"subnet": "public-a", "elastic_ip": "nat"}}
    return tree


TOKENED = ["CreateVpcEndpoint", "CreateNatGateway"]
MISMATCH = dict(status=400, code="IdempotentParameterMismatch")


def test_a_refused_token_is_no_proof_that_nothing_was_made_with_it(make_daemon, proxy, ec2):
    tree = with_tokens()
    faults = [proxy.fail("error", operation, times=1, carries_out=True, **MISMATCH) for operation in TOKENED]
    make_daemon(network.dump(tree)).start().wait_synced()
    assert [fault.hits for fault in faults] == [1, 1]
    assert [len(proxy.seen(operation)) for operation in TOKENED] == [1, 1]
    made_once(tree, ec2)


def test_a_refused_token_is_followed_by_another_when_it_is_sure_that_nothing_is_there(make_daemon, proxy, ec2):
    tree = with_tokens()
    for operation in TOKENED:
        proxy.fail("error", operation, times=1, **MISMATCH)
    make_daemon(network.dump(tree)).start().wait_synced(patience=300)  # it looks for two minutes
    for operation in TOKENED:
        first, second = proxy.seen(operation)
        assert first.params["ClientToken"] and second.params["ClientToken"] != first.params["ClientToken"]
        assert second.at - first.at > 60  # not at once
    made_once(tree, ec2)


def test_throttled_reads_are_only_slow(make_daemon, proxy, ec2):
    tree = network.small()
    proxy.fail("throttle", "Describe*", times=4)
    make_daemon(network.dump(tree)).start().wait_synced()
    made_once(tree, ec2)


def test_throttled_writes_are_repeated(make_daemon, proxy, ec2):
    tree = network.small()
    proxy.fail("throttle", "Create*", times=4)
    make_daemon(network.dump(tree)).start().wait_synced()
    made_once(tree, ec2)


@pytest.mark.parametrize("fault", [
    dict(kind="html", status=200), dict(kind="html", status=500), dict(kind="garbage"), dict(kind="empty"),
    dict(kind="truncate"), dict(kind="error", status=500), dict(kind="error", status=503, code="Unavailable"),
    dict(kind="refuse"),
    dict(kind="error", status=403, code="UnauthorizedOperation"),
], ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}")
def test_a_look_that_went_wrong_never_means_that_nothing_is_there(held, proxy, ec2, fault):
    tree = network.small()
    daemon = held(network.dump(tree))
    proxy.clear_calls()
    proxy.fail(operation="Describe*", **fault)
    daemon.post("/v1/sync", {"target": "", "wait": False})
    wait_until(lambda: len(proxy.seen()) >= 6, "everything to be looked at")
    daemon.wait_status(lambda s: any(r["sync"] == "Unknown" or r["reason"] for r in s["resources"])
                       or any(l["health"] != "Healthy" for l in s["layers"]), "the status to tell of it")
    assert proxy.mutations() == []
    proxy.behave()
    daemon.sync()
    daemon.wait_synced()
    assert proxy.mutations() == []
    made_once(tree, ec2)


def test_a_huge_answer_does_not_fill_the_memory(held, proxy):
    daemon = held(network.dump(network.small()))
    proxy.fail("huge", "DescribeVpcs", times=1)
    daemon.post("/v1/sync", {"target": "", "wait": True})
    assert daemon.resident_bytes() < 200 << 20
    daemon.sync()
    daemon.wait_synced()


def test_one_denied_action_stops_only_what_needs_it(make_daemon, proxy, ec2):
    proxy.fail("error", "CreateSecurityGroup", status=403, code="UnauthorizedOperation",
               message="You are not authorized to perform this operation.")
    daemon = make_daemon(network.dump(network.small())).start()

    def rest_is_there(status):
        rows = {row["address"]: row for row in status["resources"]}
        group = rows.pop("security.security_group.web", None)
        return group and rows and all(row["sync"] == "Synced" for row in rows.values()) and (
            "ec2:CreateSecurityGroup" in group["message"])

    daemon.wait_status(rest_is_there, "all but the denied one to be made, and the permission to be named")
    assert len(proxy.seen("CreateSecurityGroup")) <= 3, "denied is not repeated like a timeout"
    proxy.behave()
    daemon.sync("security.security_group.web")
    daemon.wait_synced()
