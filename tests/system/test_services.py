"""ECS services and task definitions where the emulator is simpler than AWS: deployments that go on, that fail and
are rolled back, answers that are lost."""
import copy
import json

import yaml

import standin
from daemon import wait_until
from emulator import ACCOUNT, REGION

STACK = {
    "stack": "shop", "account": ACCOUNT, "region": REGION,
    "policy": {"mode": "enforce", "interval": "1h", "prune": "hold"},
    "compute": {
        "ecs_cluster": {"main": {}},
        "task_definition": {"web": {"container_definitions": [{"name": "app", "image": "app:1", "memory": 128}]}},
        "ecs_service": {"web": {"cluster": "main", "task_definition": "web", "desired_count": 2, "launch_type": "EC2"}},
    },
}
SERVICE = "compute.ecs_service.web"


def stack(image="app:1", count=2):
    tree = copy.deepcopy(STACK)
    tree["compute"]["task_definition"]["web"]["container_definitions"][0]["image"] = image
    tree["compute"]["ecs_service"]["web"]["desired_count"] = count
    return yaml.safe_dump(tree, sort_keys=False)


def revision(number):
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/shop-web:{number}"


def revisions(emulator):
    return emulator.client("ecs").list_task_definitions(familyPrefix="shop-web")["taskDefinitionArns"]


def deployments(*rows, **service):
    """DescribeServices with these deployments, (status, rolloutState, revision) each, and what else is of the service."""
    def change(answer):
        body = json.loads(answer)
        for one in body["services"]:
            one["deployments"] = [{"status": status, "rolloutState": state, "rolloutStateReason": f"it is {state}",
                                   "taskDefinition": revision(number)} for status, state, number in rows]
            one.update(service)
        return json.dumps(body).encode()
    return change


def row(daemon):
    return daemon.resources()[SERVICE]


def test_a_deployment_that_goes_on_is_progress_and_one_that_failed_is_trouble(held, proxy):
    daemon = held(stack())
    fault = proxy.fail("rewrite", "DescribeServices", change=deployments(("PRIMARY", "IN_PROGRESS", 1)))
    daemon.sync()
    assert (row(daemon)["sync"], row(daemon)["health"], row(daemon)["reason"]) == ("Synced", "Progressing", "Deploying")
    fault.change = deployments(("PRIMARY", "FAILED", 1))
    daemon.sync()
    assert (row(daemon)["health"], row(daemon)["reason"]) == ("Degraded", "DeploymentFailed")
    assert row(daemon)["message"] == "it is FAILED"
    fault.change = deployments(("PRIMARY", "COMPLETED", 1), runningCount=1)
    daemon.sync()
    assert (row(daemon)["health"], row(daemon)["reason"]) == ("Degraded", "TasksMissing")
    assert row(daemon)["message"] == "1 of 2 tasks are running"


def test_a_revision_that_was_rolled_back_is_held_until_there_is_another_one(held, proxy, emulator):
    daemon = held(stack())
    # The circuit breaker: the new revision failed, the service is back on the old one.
    fault = proxy.fail("rewrite", "DescribeServices", when=lambda call: len(revisions(emulator)) > 1, change=deployments(
        ("PRIMARY", "IN_PROGRESS", 1), ("ACTIVE", "FAILED", 2), taskDefinition=revision(1)))
    daemon.write(stack("app:2"))
    daemon.reload()
    daemon.wait_status(lambda s: any(r["reason"] == "RolledBack" for r in s["resources"]), "the revision to be held")
    proxy.clear_calls()
    # In time the failed deployment is no longer shown; what it was stays known, over a restart too.
    fault.change = deployments(("PRIMARY", "COMPLETED", 1), taskDefinition=revision(1))
    daemon.sync()
    daemon.stop()
    daemon.start()
    daemon.sync()
    assert row(daemon)["reason"] == "RolledBack"
    assert proxy.mutations() == []
    # What else differs is not kept from the service.
    proxy.clear_calls()
    daemon.write(stack("app:2", count=3))
    daemon.reload()
    daemon.sync()
    assert [call.params.get("desiredCount") for call in proxy.mutations()] == [3]
    assert "taskDefinition" not in proxy.mutations()[0].params
    fault.times = 0
    daemon.write(stack("app:3", count=3))
    daemon.reload()
    daemon.wait_synced()
    assert emulator.client("ecs").describe_services(cluster="shop-main", services=["shop-web"])[
        "services"][0]["taskDefinition"] == revision(3)


def test_a_register_whose_answer_is_lost_is_not_made_twice(held, proxy, emulator):
    lost = proxy.fail("lose", "RegisterTaskDefinition", times=1)
    daemon = held(stack())
    assert lost.hits and revisions(emulator) == [revision(1)]
    lost = proxy.fail("lose", "RegisterTaskDefinition", times=1)
    daemon.write(stack("app:2"))
    daemon.reload()
    daemon.wait_synced()
    assert lost.hits and revisions(emulator) == [revision(1), revision(2)]


def test_a_register_whose_answer_is_lost_is_waited_for_while_reads_lag(held, proxy, emulator):
    daemon = held(stack())
    seen = []

    def as_before(answer):
        seen.append(answer)
        return seen[0]

    lag = proxy.fail("rewrite", "DescribeTaskDefinition", change=as_before)
    daemon.sync()
    lost = proxy.fail("lose", "RegisterTaskDefinition", times=1)
    daemon.write(stack("app:2"))
    daemon.reload()
    wait_until(lambda: lost.hits, "the revision to be registered")
    so_far = len(seen)
    wait_until(lambda: len(seen) >= so_far + 4, "more reads that lag")
    lag.times = 0
    daemon.wait_synced()
    assert revisions(emulator) == [revision(1), revision(2)]


def test_a_service_is_made_after_the_listener_that_gives_its_target_group_a_balancer(make_daemon, proxy):
    tree = yaml.safe_load(stack())
    tree["network"] = {
        "vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
        "subnet": {zone: {"vpc": "main", "cidr_block": f"10.0.{i}.0/24", "availability_zone": zone}
                   for i, zone in enumerate("ab")}}
    compute = tree["compute"]
    compute["load_balancer"] = {"web": {"subnets": ["a", "b"]}}
    compute["target_group"] = {"web": {"vpc": "main", "target_type": "instance", "protocol": "HTTP", "port": 80}}
    compute["listener"] = {"http": {"load_balancer": "web", "port": 80, "protocol": "HTTP",
                                    "default_actions": [{"type": "forward", "target_group": "web"}]}}
    compute["ecs_service"]["web"]["load_balancers"] = [
        {"target_group_arn": "${compute.target_group.web.arn}", "container_name": "app", "container_port": 80}]
    proxy.stand_in = standin.load("elbv2")
    proxy.fail("delay", "CreateListener", seconds=1)
    daemon = make_daemon(yaml.safe_dump(tree, sort_keys=False)).start()
    daemon.wait_status(lambda _: proxy.seen("CreateService"), "the service to be made", 10)
    order = [call.operation for call in proxy.mutations()]
    assert order.index("CreateListener") < order.index("CreateService")
    assert proxy.seen("CreateListener")[0].status == 200


def in_other_words(answer):
    """DescribeTaskDefinition that tells of another number of CPU units than was registered."""
    body = json.loads(answer)
    if "taskDefinition" in body:
        body["taskDefinition"]["cpu"] = "257"
    return json.dumps(body).encode()


def test_a_service_is_made_of_the_revision_that_aws_shows_in_other_words_for_good(make_daemon, proxy, emulator):
    """It would wait for ever otherwise; and of a revision that somebody else registered after ours nothing is made."""
    tree = yaml.safe_load(stack())
    tree["compute"]["task_definition"]["web"]["cpu"] = "256"
    proxy.fail("rewrite", "DescribeTaskDefinition", change=in_other_words)
    daemon = make_daemon(yaml.safe_dump(tree, sort_keys=False)).start()
    daemon.wait_status(lambda status: row(daemon).get("sync") == "Synced", "the service to be made", 90)
    task = daemon.resources()["compute.task_definition.web"]
    assert (task["sync"], task["health"], task["reason"]) == ("OutOfSync", "Degraded", "Permadiff")
    last = revisions(emulator)[-1]
    ecs = emulator.client("ecs")
    assert ecs.describe_services(cluster="shop-main", services=["shop-web"])["services"][0]["taskDefinition"] == last
    ecs.register_task_definition(family="shop-web", cpu="256", containerDefinitions=[
        {"name": "app", "image": "app:1", "memory": 128}])
    daemon.sync()
    proxy.clear_calls()
    daemon.sync()
    assert [call.name for call in proxy.mutations()] == []
    assert ecs.describe_services(cluster="shop-main", services=["shop-web"])["services"][0]["taskDefinition"] == last
    assert "what AWS shows is not what was written last" in row(daemon)["message"]
