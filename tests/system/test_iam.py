"""Roles and policies: what IAM takes its time with, what a look costs, names that others hold."""
import json

import network

TRUST = {"Version": "2012-10-17",
         "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def document(action="s3:GetObject"):
    return {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": "arn:aws:s3:::shop/*"}]}


def stack(roles=2, policies=2, **more):
    """Roles with an inline policy each and all the policies."""
    names = [f"p{i}" for i in range(policies)]
    return {**network.head(), "security": {
        "iam_policy": {name: {"policy_document": document()} for name in names},
        "iam_role": {f"r{i}": {"assume_role_policy": TRUST, "policies": {"own": document("s3:PutObject")},
                               "managed_policies": names, **more} for i in range(roles)}}}


def trusting(tree):
    """One more role, which the first one may assume."""
    tree["security"]["iam_role"]["other"] = {"assume_role_policy": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "${security.iam_role.r0.arn}"}, "Action": "sts:AssumeRole"}]}}
    return tree


def test_a_principal_that_is_not_known_yet_is_waited_for(make_daemon, proxy, emulator):
    fault = proxy.fail("error", "CreateRole", status=400, code="MalformedPolicyDocument", times=2,
                       message="Invalid principal in policy", when=lambda call: call.params["RoleName"] == "shop-other")
    make_daemon(network.dump(trusting(stack()))).start().wait_synced()
    assert fault.hits > 2
    role = emulator.client("iam").get_role(RoleName="shop-other")["Role"]
    first = emulator.client("iam").get_role(RoleName="shop-r0")["Role"]["Arn"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": first}


def test_a_policy_that_is_not_known_yet_is_waited_for(make_daemon, proxy):
    fault = proxy.fail("error", "AttachRolePolicy", status=404, code="NoSuchEntity", times=2)
    make_daemon(network.dump(stack())).start().wait_synced()
    assert fault.hits > 2


def test_a_look_costs_a_list_a_kind_and_the_tags_of_each_policy(make_daemon, proxy):
    daemon = make_daemon(network.dump(stack(roles=5, policies=3))).start()
    daemon.wait_synced()
    proxy.clear_calls()
    daemon.sync()
    assert sorted(call.operation for call in proxy.seen()) == (
        2 * ["GetAccountAuthorizationDetails"] + 3 * ["ListPolicyTags"])


def test_descriptions_of_all_roles_are_one_more_list(make_daemon, proxy):
    daemon = make_daemon(network.dump(stack(roles=5, policies=0, description="a role"))).start()
    daemon.wait_synced()
    proxy.clear_calls()
    daemon.sync()
    assert sorted(call.operation for call in proxy.seen()) == ["GetAccountAuthorizationDetails", "ListRoles"]


def test_a_role_of_somebody_else_under_our_name_is_not_taken_over(make_daemon, proxy, emulator):
    emulator.client("iam").create_role(RoleName="shop-r0", AssumeRolePolicyDocument=json.dumps(TRUST))
    daemon = make_daemon(network.dump(stack(roles=1, policies=0))).start()
    daemon.wait_status(lambda s: any(r["address"] == "security.iam_role.r0" and r["reason"] == "NotOurs"
                                     for r in s["resources"]), "it to be held")
    assert proxy.mutations() == []
    daemon.post("/v1/approve", {"target": "security.iam_role.r0"})
    daemon.wait_synced()
    tags = emulator.client("iam").list_role_tags(RoleName="shop-r0")["Tags"]
    assert {"Key": "holdfast:resource", "Value": "security.iam_role.r0"} in tags
