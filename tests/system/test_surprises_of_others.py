"""The surprises that come from others: AWS's own maintenance, scaling, a deploy pipeline, a field that cannot be
changed, policies in other words. None loses data, loops, or stays unexplained."""
import json
import re

import network
import pytest
import standin

PASSES = 3
DATABASE = "data.db_instance.main"
SERVICE, TASK = "compute.ecs_service.web", "compute.task_definition.web"
ROLE = "security.iam_role.task"


def why(daemon, address):
    return " ".join(daemon.holdfast("why", address, check=0).stdout.split())


def quiet(daemon, proxy):
    """Some passes more: nothing is written to AWS."""
    proxy.clear_calls()
    for _ in range(PASSES):
        daemon.sync()
    return proxy.mutations() == []


def operations(proxy):
    return [call.operation for call in proxy.mutations()]


# ---- the database

def database(**fields):
    return {
        **network.head(prune="delete", replace="allow"),
        "network": {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
                    "subnet": {zone: {"vpc": "main", "cidr_block": f"10.0.{i}.0/24", "availability_zone": zone}
                               for i, zone in enumerate("ab")}},
        "data": {"db_subnet_group": {"main": {"subnets": ["a", "b"]}},
                 "db_instance": {"main": {
                     "engine": "postgres", "engine_version": "16.3", "db_instance_class": "db.t4g.medium",
                     "allocated_storage": 20, "storage_encrypted": True, "master_username": "shop",
                     "manage_master_user_password": True, "db_subnet_group": "main",
                     "auto_minor_version_upgrade": True, "apply_immediately": True, **fields}}}}


@pytest.fixture
def rds(proxy):
    """The emulator as RDS is (standin_rds.py), and boto3 to it through the proxy."""
    import boto3
    from emulator import KEYS, REGION
    proxy.stand_in = standin.load("rds")
    return boto3.client("rds", region_name=REGION, endpoint_url=proxy.url,
                        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])


def only(rds):
    found, = rds.describe_db_instances()["DBInstances"]
    return found


def test_a_minor_version_that_aws_installed_is_never_taken_back(held, proxy, rds):
    daemon = held(network.dump(database()))
    name = daemon.ids()[DATABASE]
    assert only(rds)["EngineVersion"] == "16.3"
    rds.modify_db_instance(DBInstanceIdentifier=name, EngineVersion="16.4", ApplyImmediately=True)
    daemon.sync()
    daemon.wait_synced()
    assert quiet(daemon, proxy) and only(rds)["EngineVersion"] == "16.4"
    said = "EngineVersion is 16.4 in AWS, newer than 16.3 in the file: left as it is, for nothing is downgraded"
    assert said in why(daemon, DATABASE)
    assert said in " ".join(daemon.holdfast("get", DATABASE, check=0).stdout.split())
    assert daemon.holdfast("plan", check=0).stdout
    assert "EngineVersion 16.3 → 16.4" in daemon.holdfast("history", DATABASE, check=0).stdout
    assert 'EngineVersion went from "16.3" to "16.4"' in why(daemon, DATABASE)
    # Another change does not take it along.
    daemon.write(network.dump(database(db_instance_class="db.t4g.large")))
    daemon.reload()
    daemon.wait_status(lambda status: only(rds)["DBInstanceClass"] == "db.t4g.large", "the other change to be made")
    daemon.wait_synced()
    assert only(rds)["EngineVersion"] == "16.4" and quiet(daemon, proxy)
    # The file that catches up changes nothing.
    daemon.write(network.dump(database(db_instance_class="db.t4g.large", engine_version="16.4")))
    daemon.reload()
    daemon.wait_synced()
    assert quiet(daemon, proxy) and "downgraded" not in why(daemon, DATABASE)


@pytest.mark.parametrize("field, value, member", [
    ("storage_encrypted", False, "StorageEncrypted"),
    ("master_username", "other", "MasterUsername"),
    ("engine", "mysql", "Engine"),
])
def test_what_cannot_be_changed_of_a_database_loses_nothing(held, proxy, rds, field, value, member):
    daemon = held(network.dump(database()))
    before = only(rds)["DbiResourceId"]
    version = {"engine_version": "8.0.36"} if field == "engine" else {}
    daemon.write(network.dump(database(**{field: value, **version})))
    daemon.reload()
    daemon.wait_status(lambda status: any(r["address"] == DATABASE and r["health"] == "Suspended"
                                          for r in status["resources"]), "it to be held")
    # `replace: allow` and `prune: delete` are no approval of losing data.
    assert quiet(daemon, proxy) and only(rds)["DbiResourceId"] == before
    message = daemon.resource(DATABASE)["message"]
    assert f"{member} cannot be changed in place" in message and "another one begins empty" in message
    action, = daemon.holdfast_json("plan", check=2)["actions"]
    assert (action["change"], action["disruption"], action["decision"]) == ("-/+", "data-loss", "hold")
    shown = daemon.holdfast("plan", check=2).stdout
    assert "# forces replacement" in shown and "data-loss" in shown and action["id"] in shown
    told = why(daemon, DATABASE)
    assert f"holdfast approve {action['id']}" in told and "what it holds is deleted with it" in told
    assert f"holdfast approve {action['id']}" in daemon.holdfast("status", check=None).stdout
    assert ".000Z" not in told and not re.search(r"(since|at) \S+\.\d{3}Z", told)
    # An approval is for this change: another one needs another.
    daemon.write(network.dump(database()))
    daemon.reload()
    daemon.wait_synced()
    assert quiet(daemon, proxy) and only(rds)["DbiResourceId"] == before


# ---- containers

def containers(ignore=False, target=False, **service):
    task = {"cpu": 256, "memory": 512, "network_mode": "awsvpc", "requires_compatibilities": ["FARGATE"],
            "container_definitions": [{"name": "app", "image": "shop:1", "memory": 128}]}
    web = {"cluster": "main", "task_definition": "web", "desired_count": 2, "launch_type": "FARGATE",
           "subnets": ["a"], "security_groups": ["web"], "propagate_tags": "SERVICE", **service}
    if ignore:
        task["policy"] = {"ignore": ["container_definitions"]}
        web["policy"] = {"ignore": ["task_definition"]}
    compute = {"ecs_cluster": {"main": {}}, "task_definition": {"web": task}, "ecs_service": {"web": web}}
    if target:
        compute["scaling_target"] = {"web": {"service": "web", "min_capacity": 1, "max_capacity": 9}}
    return {**network.head(most_corrections=2),
            "network": {"vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
                        "subnet": {"a": {"vpc": "main", "cidr_block": "10.0.0.0/24", "availability_zone": "a"}}},
            "security": {"security_group": {"web": {"vpc": "main"}}},  # the emulator does not make a service without
            "compute": compute}


def service_of(ecs):
    found, = ecs.describe_services(cluster="shop-main", services=["shop-web"])["services"]
    return found


def image_of(ecs):
    task = ecs.describe_task_definition(taskDefinition=service_of(ecs)["taskDefinition"])["taskDefinition"]
    return task["containerDefinitions"][0]["image"]


def deploy(ecs, image):
    """What a deploy pipeline does: a new revision, and the service set to it."""
    made = ecs.register_task_definition(family="shop-web", networkMode="awsvpc", cpu="256", memory="512",
                                        requiresCompatibilities=["FARGATE"], containerDefinitions=[
                                            {"name": "app", "image": image, "memory": 128}])["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster="shop-main", service="shop-web", taskDefinition=made)
    return made


def test_the_number_of_tasks_belongs_to_their_scaling(held, proxy, emulator):
    ecs = emulator.client("ecs")
    daemon = held(network.dump(containers(target=True)))
    assert service_of(ecs)["desiredCount"] == 2
    ecs.update_service(cluster="shop-main", service="shop-web", desiredCount=5)  # as its policy does under load
    assert quiet(daemon, proxy) and service_of(ecs)["desiredCount"] == 5
    assert daemon.resource(SERVICE)["sync"] == "Synced"
    assert "DesiredCount is 5 in AWS and 2 in the file: left as it is, for compute.scaling_target.web rules it" in \
        why(daemon, SERVICE).replace("desiredCount", "DesiredCount")
    # Another change of the service does not send the file's number along.
    daemon.write(network.dump(containers(target=True, propagate_tags="TASK_DEFINITION")))
    daemon.reload()
    daemon.wait_status(lambda status: service_of(ecs).get("propagateTags") == "TASK_DEFINITION", "the change")
    daemon.wait_synced()
    assert service_of(ecs)["desiredCount"] == 5 and quiet(daemon, proxy)
    # Without the target it is the file's again, and said before it is done.
    daemon.write(network.dump(containers(propagate_tags="TASK_DEFINITION")))
    daemon.reload()
    daemon.wait_status(lambda status: service_of(ecs)["desiredCount"] == 2, "the file's number to be set")


def test_containers_that_were_handed_to_a_pipeline_stay_as_it_deployed_them(held, proxy, emulator):
    ecs = emulator.client("ecs")
    daemon = held(network.dump(containers(ignore=True)))
    for turn in range(3):
        made = deploy(ecs, f"shop:pipeline-{turn}")
        proxy.clear_calls()
        daemon.sync()
        daemon.wait_synced()
        assert set(operations(proxy)) <= {"TagResource"}  # the new revision is marked as the stack's, once
        assert quiet(daemon, proxy) and service_of(ecs)["taskDefinition"] == made
    assert image_of(ecs) == "shop:pipeline-2"
    assert "left as it is, for it is told to be ignored" in why(daemon, TASK)


def state_of(daemon, address):
    found = daemon.resource(address)
    return found["sync"], found["health"], found["reason"]


def test_a_pipeline_that_pushes_on_after_the_fight_was_given_up_is_left_alone(held, proxy, emulator):
    """The service follows the definition only while that is as the file says: neither the pipeline's revision nor an
    older one of the file's is put into it meanwhile."""
    ecs = emulator.client("ecs")
    daemon = held(network.dump(containers()))
    for turn in range(2):
        deploy(ecs, f"shop:pipeline-{turn}")
        proxy.clear_calls()
        daemon.sync()
        daemon.wait_status(lambda status: image_of(ecs) == "shop:1", "the file's containers to be deployed")
        daemon.wait_synced()
        # One deployment, and not of what stood there before it.
        assert [one for one in operations(proxy) if one != "TagResource"] == ["RegisterTaskDefinition", "UpdateService"]
    for turn in range(2, 4):
        made = deploy(ecs, f"shop:pipeline-{turn}")
        proxy.clear_calls()
        daemon.sync()
        daemon.wait_status(lambda status: state_of(daemon, TASK) == ("OutOfSync", "Degraded", "Contested"),
                           "it to be given up")
        assert quiet(daemon, proxy) and service_of(ecs)["taskDefinition"] == made
        assert state_of(daemon, SERVICE) == ("OutOfSync", "Progressing", "Waiting")
        assert f"taskDefinition waits for {TASK}, which is not as the file says" in why(daemon, SERVICE)
        told = why(daemon, TASK)
        assert "containerDefinitions was corrected 2 times within an hour and changed again each time" in told
        assert f"waits for `holdfast release {TASK}`" in told
    daemon.holdfast("release", TASK, "--reason", "the pipeline is stopped")
    daemon.wait_status(lambda status: image_of(ecs) == "shop:1", "the file's containers to be deployed")
    daemon.wait_synced()
    assert quiet(daemon, proxy)


def test_what_the_file_deploys_itself_is_neither_drift_nor_a_fight_over_the_service(held, proxy, emulator):
    ecs, tree = emulator.client("ecs"), containers()
    daemon = held(network.dump(tree))
    for turn in range(4):  # twice as often as somebody else's change is put back
        tree["compute"]["task_definition"]["web"]["container_definitions"][0]["image"] = f"shop:{turn + 2}"
        daemon.write(network.dump(tree))
        daemon.reload()
        daemon.wait_status(lambda status, image=f"shop:{turn + 2}": image_of(ecs) == image, "it to be deployed")
        daemon.wait_synced()
    told = [one["what"] for one in daemon.holdfast_json("history", SERVICE)["entries"]]
    assert "action" in told and not {"drift", "hold", "closed"} & set(told)


def test_a_revision_that_nobody_deployed_is_not_deployed_for_its_maker(held, proxy, emulator):
    """Registered by hand to try it, while the definition may not be corrected."""
    ecs = emulator.client("ecs")
    daemon = held(network.dump(containers()))
    before = service_of(ecs)["taskDefinition"]
    daemon.holdfast("pause", TASK, "--reason", "to try something", check=0)
    ecs.register_task_definition(family="shop-web", networkMode="awsvpc", cpu="256", memory="512",
                                 requiresCompatibilities=["FARGATE"],
                                 containerDefinitions=[{"name": "app", "image": "shop:trial", "memory": 128}])
    assert quiet(daemon, proxy) and service_of(ecs)["taskDefinition"] == before
    assert f"waits for {TASK}" in daemon.resource(SERVICE)["message"]


# ---- policies

def trust(*principals):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": ["sts:AssumeRole"]},
        *({"Effect": "Allow", "Principal": {"AWS": one}, "Action": ["sts:AssumeRole", "sts:TagSession"],
           "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}} for one in principals)]}


DEPLOYER = "arn:aws:iam::123456789012:role/deployer"


def policies():
    return {**network.head(),
            "security": {
                "iam_role": {"task": {"assume_role_policy": trust(DEPLOYER)}},
                "kms_key": {"data": {"key_policy": {"Version": "2012-10-17", "Statement": [
                    {"Sid": "root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                     "Action": "kms:*", "Resource": "*"},
                    {"Sid": "use", "Effect": "Allow", "Principal": {"AWS": [DEPLOYER]},
                     "Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": ["*"]}]}}}}}


def make_deployer(iam):
    iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(trust()))


def reworded(document):
    """The same in the words that AWS may show: statements the other way round, lists of one as texts and texts as
    lists, actions in another order, the account by its number."""
    def turned(value):
        if isinstance(value, list):
            return value[0] if len(value) == 1 else value[::-1]
        return [value]

    statements = []
    for one in document["Statement"][::-1]:
        principal = {key: turned(value) for key, value in one["Principal"].items()}
        if principal.get("AWS") == ["arn:aws:iam::123456789012:root"]:
            principal = {"AWS": "123456789012"}
        statements.append({**one, "Principal": principal, "Action": turned(one["Action"]),
                           **({"Resource": turned(one["Resource"])} if "Resource" in one else {})})
    return json.dumps({"Statement": statements, "Version": document["Version"]})


def test_a_policy_in_other_words_is_no_drift(held, proxy, emulator):
    iam, kms, tree = emulator.client("iam"), emulator.client("kms"), policies()
    make_deployer(iam)
    daemon = held(network.dump(tree))
    iam.update_assume_role_policy(RoleName=daemon.ids()[ROLE], PolicyDocument=reworded(trust(DEPLOYER)))
    kms.put_key_policy(KeyId=daemon.ids()["security.kms_key.data"], PolicyName="default",
                       Policy=reworded(tree["security"]["kms_key"]["data"]["key_policy"]))
    assert quiet(daemon, proxy)
    daemon.wait_synced()
    assert daemon.holdfast("drift", check=0) and daemon.holdfast("plan", check=0)


def test_a_principal_that_was_deleted_and_made_again_is_named_again_once(held, proxy, emulator):
    """AWS shows the id of the one that is gone, and what a policy that names the new one by its ARN resolves to."""
    iam = emulator.client("iam")
    make_deployer(iam)
    daemon = held(network.dump(policies()))
    gone = iam.get_role(RoleName="deployer")["Role"]["RoleId"]
    assert gone.startswith("AROA")
    iam.delete_role(RoleName="deployer")
    make_deployer(iam)
    # The emulator keeps the ARN; AWS shows the id.
    iam.update_assume_role_policy(RoleName=daemon.ids()[ROLE],
                                  PolicyDocument=json.dumps(trust(DEPLOYER)).replace(DEPLOYER, gone))
    daemon.holdfast("pause", ROLE, "--reason", "to read it", check=0)
    daemon.sync()
    told = daemon.wait_status(lambda status: gone in why(daemon, ROLE), "the id to be told") and why(daemon, ROLE)
    assert f"AssumeRolePolicyDocument names {gone} in AWS: the id of a role or user that was deleted" in told
    proxy.clear_calls()
    daemon.holdfast("resume", ROLE, check=0)
    daemon.wait_synced()
    assert operations(proxy) == ["UpdateAssumeRolePolicy"]
    assert gone not in json.dumps(iam.get_role(RoleName=daemon.ids()[ROLE])["Role"]["AssumeRolePolicyDocument"])
    assert quiet(daemon, proxy) and "that was deleted" not in why(daemon, ROLE)


def test_a_principal_that_is_gone_for_good_is_explained_and_not_written_for_ever(held, proxy, emulator):
    """AWS refuses to name it (MalformedPolicyDocument); the emulator would take it."""
    iam = emulator.client("iam")
    make_deployer(iam)
    daemon = held(network.dump(policies()))
    gone = iam.get_role(RoleName="deployer")["Role"]["RoleId"]
    iam.delete_role(RoleName="deployer")
    iam.update_assume_role_policy(RoleName=daemon.ids()[ROLE],
                                  PolicyDocument=json.dumps(trust(DEPLOYER)).replace(DEPLOYER, gone))
    refused = proxy.fail("error", "UpdateAssumeRolePolicy", status=400, code="MalformedPolicyDocument",
                         message=f'Invalid principal in policy: "AWS":"{DEPLOYER}"')
    daemon.sync("security")
    daemon.wait_status(lambda status: any(r["address"] == ROLE and "Invalid principal" in r["message"]
                                          for r in status["resources"]), "the refusal to show")
    for _ in range(PASSES):
        daemon.post("/v1/sync", {"target": "security"})
    assert refused.hits <= 2  # it backs off, whatever looks at it meanwhile
    # While its second attempt is on its way, that is what is told.
    daemon.wait_status(lambda status: all(word in why(daemon, ROLE) for word in (
        "Invalid principal", gone, "that was deleted")), "it to be explained")
