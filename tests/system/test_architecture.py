"""The architecture's lines, each read from AWS's own answers after the shipped example came up from nothing.

The daemon talks straight to the emulator: nothing in between makes an answer better than it is. What is asserted
comes from the architecture, not from the example: addresses and names are looked up, never assumed.
"""
import ipaddress
import json

import pytest

from daemon import Daemon
from multi_tier import Account, statements, text, words

LINES = []


def line(says):
    """A line of the architecture, and the function that reads whether it holds."""
    def keep(reads):
        LINES.append(pytest.param(reads, id=says))
        return reads
    return keep


@pytest.fixture(scope="module")
def account(emulator_process):
    emulator_process.reset()
    daemon = Daemon(emulator_process.url, text())
    try:
        daemon.start()
        daemon.wait_synced()
        yield Account(emulator_process)
    finally:
        daemon.close()



@pytest.mark.parametrize("reads", LINES)
def test_the_line_holds(reads, account):
    reads(account)


def private(aws, subnets):
    return all(aws.way_out(subnet) != "internet" for subnet in subnets)


# ---- networking layer


@line("VPC: 10.0.0.0/16 CIDR block")
def _(aws):
    assert aws.vpc()["CidrBlock"] == "10.0.0.0/16"


@line("VPC: names resolve inside, which private endpoints need")
def _(aws):
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        answer = aws.ask("ec2.describe_vpc_attribute", name[0].upper() + name[1:], VpcId=aws.vpc()["VpcId"],
                         Attribute=name)
        assert answer["Value"] is True


@line("Subnets: public ones for the ALB, whose way out is the internet gateway")
def _(aws):
    subnets = [zone["SubnetId"] for zone in aws.balancer()["AvailabilityZones"]]
    assert len(subnets) >= 2
    assert all(aws.way_out(subnet) == "internet" for subnet in subnets)
    gateway = aws.one("ec2.describe_internet_gateways", "InternetGateways")
    assert gateway["Attachments"][0]["VpcId"] == aws.vpc()["VpcId"]


@line("Subnets: private ones for the ECS tasks")
def _(aws):
    network = aws.service()["networkConfiguration"]["awsvpcConfiguration"]
    assert private(aws, network["subnets"]) and network["assignPublicIp"] == "DISABLED"
    assert not any(aws.subnets()[subnet]["MapPublicIpOnLaunch"] for subnet in network["subnets"])


@line("Subnets: private ones for RDS, without any way out")
def _(aws):
    subnets = [s["SubnetIdentifier"] for s in aws.database()["DBSubnetGroup"]["Subnets"]]
    assert len(subnets) >= 2 and all(aws.way_out(subnet) is None for subnet in subnets)


@line("Subnets: within the VPC's block, none over another")
def _(aws):
    blocks = [ipaddress.ip_network(one["CidrBlock"]) for one in aws.subnets().values()]
    whole = ipaddress.ip_network(aws.vpc()["CidrBlock"])
    assert all(block.subnet_of(whole) for block in blocks)
    assert not any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[i + 1:])


@line("NAT Gateway: outbound internet access from the private subnets, one in each zone")
def _(aws):
    gateways = {one["NatGatewayId"]: one for one in aws.in_vpc("ec2.describe_nat_gateways", "NatGateways")}
    for subnet in aws.service()["networkConfiguration"]["awsvpcConfiguration"]["subnets"]:
        gateway = gateways[aws.way_out(subnet)]
        assert gateway["State"] == "available" and gateway["NatGatewayAddresses"][0]["PublicIp"]
        assert aws.way_out(gateway["SubnetId"]) == "internet"
        assert aws.subnets()[gateway["SubnetId"]]["AvailabilityZone"] == aws.subnets()[subnet]["AvailabilityZone"]


@line("VPC Endpoints: secure access to S3, ECR, CloudWatch Logs and Secrets Manager")
def _(aws):
    tasks = aws.service()["networkConfiguration"]["awsvpcConfiguration"]
    found = {one["ServiceName"].split("amazonaws.com.")[-1].split("eu-west-1.")[-1]: one
             for one in aws.in_vpc("ec2.describe_vpc_endpoints", "VpcEndpoints")}
    assert set(found) >= {"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager"}
    tables = [t for t in aws.in_vpc("ec2.describe_route_tables", "RouteTables")
              if any(a.get("SubnetId") in tasks["subnets"] for a in t["Associations"])]
    assert {t["RouteTableId"] for t in tables} <= set(found.pop("s3")["RouteTableIds"])
    for one in found.values():
        assert one["VpcEndpointType"] == "Interface" and one["PrivateDnsEnabled"]
        assert sorted(one["SubnetIds"]) == sorted(tasks["subnets"])
        for group in one["Groups"]:
            assert aws.group(group["GroupId"])["in"] == [("tcp", 443, 443, tasks["securityGroups"][0])]


# ---- compute layer


@line("ECS Cluster: Fargate-based container orchestration")
def _(aws):
    assert "FARGATE" in aws.cluster()["capacityProviders"]
    service, task = aws.service(), aws.task()
    assert service["status"] == "ACTIVE" and service["launchType"] == "FARGATE"
    assert service["runningCount"] == service["desiredCount"] >= 1
    assert task["requiresCompatibilities"] == ["FARGATE"] and task["networkMode"] == "awsvpc"
    assert int(task["cpu"]) and int(task["memory"])


@line("ECS Cluster: Container Insights")
def _(aws):
    assert {"name": "containerInsights", "value": "enabled"} in aws.cluster()["settings"]


@line("ECS service: a deployment that fails is rolled back, and never takes all tasks away")
def _(aws):
    of = aws.service()["deploymentConfiguration"]
    assert of["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert of["minimumHealthyPercent"] >= 100 and of["maximumPercent"] > 100


@line("Auto Scaling: CPU utilization target 70%")
def _(aws):
    assert aws.tracking("ECSServiceAverageCPUUtilization")["TargetValue"] == 70


@line("Auto Scaling: memory utilization target 80%")
def _(aws):
    assert aws.tracking("ECSServiceAverageMemoryUtilization")["TargetValue"] == 80


@line("Auto Scaling: min instances 1, max instances 3")
def _(aws):
    target = aws.one("application-autoscaling.describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 3)
    assert target["ResourceId"] == "/".join(["service", *aws.service()["serviceArn"].split("/")[1:]])
    assert 1 <= aws.service()["desiredCount"] <= 3


@line("Scaling Strategy: by request count of this load balancer and target group")
def _(aws):
    metric = aws.tracking("ALBRequestCountPerTarget")
    group = aws.one("elbv2.describe_target_groups", "TargetGroups")["TargetGroupArn"]
    balancer = aws.balancer()["LoadBalancerArn"].split(":loadbalancer/")[1]
    label = f"{balancer}/targetgroup/{group.split(':targetgroup/')[1]}"
    assert metric["TargetValue"] > 0 and metric["PredefinedMetricSpecification"]["ResourceLabel"] == label


@line("Scaling Strategy: policies with cooldown periods")
def _(aws):
    for metric in ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget"):
        assert aws.tracking(metric)["ScaleInCooldown"] > 0 and aws.tracking(metric)["ScaleOutCooldown"] > 0


@line("ECS Cluster: a container that writes only where it may, and whose health is asked for")
def _(aws):
    for one in aws.task()["containerDefinitions"]:
        assert one["readonlyRootFilesystem"] is True
        assert one["healthCheck"]["command"][0] in ("CMD", "CMD-SHELL")
        volumes = {volume["name"] for volume in aws.task()["volumes"]}
        assert {point["sourceVolume"] for point in one["mountPoints"]} <= volumes


@line("Load Balancer: an Application Load Balancer that the internet reaches, over zones")
def _(aws):
    balancer = aws.balancer()
    assert (balancer["Type"], balancer["Scheme"]) == ("application", "internet-facing")
    assert balancer["State"]["Code"] == "active"
    assert len(aws.zones(zone["SubnetId"] for zone in balancer["AvailabilityZones"])) >= 2


@line("Load Balancer: SSL termination with a certificate that is issued, and a TLS policy of today")
def _(aws):
    https = aws.listeners()[443]
    certificate = aws.ask("acm.describe_certificate", "Certificate",
                          CertificateArn=https["Certificates"][0]["CertificateArn"])
    assert https["Protocol"] == "HTTPS" and https["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    assert certificate["Status"] == "ISSUED" and certificate["DomainName"] == "shop.example.com"


@line("Load Balancer: HTTP is redirected to HTTPS")
def _(aws):
    action, = aws.listeners()[80]["DefaultActions"]
    redirect = action["RedirectConfig"]
    assert action["Type"] == "redirect" and redirect["StatusCode"] == "HTTP_301"
    assert (redirect["Protocol"], redirect["Port"]) == ("HTTPS", "443")


@line("Load Balancer: access logs, deletion protection, invalid headers dropped")
def _(aws):
    pairs = aws.ask("elbv2.describe_load_balancer_attributes", "Attributes",
                    LoadBalancerArn=aws.balancer()["LoadBalancerArn"])
    has = {pair["Key"]: pair["Value"] for pair in pairs}
    assert has["access_logs.s3.enabled"] == has["deletion_protection.enabled"] == "true"
    assert has["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert has["access_logs.s3.bucket"] == aws.one("s3.list_buckets", "Buckets")["Name"]


@line("High Availability: load balancer health checks")
def _(aws):
    group = aws.one("elbv2.describe_target_groups", "TargetGroups")
    assert group["HealthCheckEnabled"] and group["HealthCheckPath"] == "/health"
    assert group["Matcher"]["HttpCode"] == "200" and group["HealthCheckIntervalSeconds"] <= 30
    assert aws.service()["healthCheckGracePeriodSeconds"] > 0


@line("High Availability: resources distributed across multiple Availability Zones")
def _(aws):
    database, domain = aws.database(), aws.domain()
    for subnets in (aws.service()["networkConfiguration"]["awsvpcConfiguration"]["subnets"],
                    [s["SubnetIdentifier"] for s in database["DBSubnetGroup"]["Subnets"]],
                    aws.pool()["VpcSubnetIds"], domain["VPCOptions"]["SubnetIds"]):
        assert len(aws.zones(subnets)) >= 2
    assert domain["ClusterConfig"]["ZoneAwarenessEnabled"] and domain["ClusterConfig"]["InstanceCount"] >= 2


# ---- network flow


@line("Network Flow: ALB to ECS tasks in private subnets")
def _(aws):
    action, = aws.listeners()[443]["DefaultActions"]
    group = aws.one("elbv2.describe_target_groups", "TargetGroups")
    service, container = aws.service(), aws.task()["containerDefinitions"][0]
    balanced, = service["loadBalancers"]
    assert action["Type"] == "forward" and action["TargetGroupArn"] == group["TargetGroupArn"]
    assert balanced["targetGroupArn"] == group["TargetGroupArn"] and group["TargetType"] == "ip"
    assert balanced["containerName"] == container["name"]
    assert balanced["containerPort"] == container["portMappings"][0]["containerPort"] == group["Port"]


@line("Network Flow: ECS tasks reach RDS in private subnets, through the pool")
def _(aws):
    environment = {e["name"]: e["value"] for e in aws.task()["containerDefinitions"][0]["environment"]}
    assert aws.pool()["Endpoint"] in environment.values()
    target, = aws.ask("rds.describe_db_proxy_targets", "Targets", DBProxyName=aws.pool()["DBProxyName"])
    assert target["RdsResourceId"] == aws.database()["DBInstanceIdentifier"]


@line("Security Groups: restricted network access, one path from the ALB to the database")
def _(aws):
    balancer, = aws.balancer()["SecurityGroups"]
    tasks, = aws.service()["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    pool, = aws.pool()["VpcSecurityGroupIds"]
    database, = [group["VpcSecurityGroupId"] for group in aws.database()["VpcSecurityGroups"]]
    port = aws.task()["containerDefinitions"][0]["portMappings"][0]["containerPort"]
    assert aws.group(balancer) == {"in": [("tcp", 80, 80, "0.0.0.0/0"), ("tcp", 443, 443, "0.0.0.0/0")],
                                   "out": [("tcp", port, port, tasks)]}
    assert aws.group(tasks) == {"in": [("tcp", port, port, balancer)],
                                "out": [("tcp", 443, 443, "0.0.0.0/0"), ("tcp", 5432, 5432, pool)]}
    assert aws.group(pool) == {"in": [("tcp", 5432, 5432, tasks)], "out": [("tcp", 5432, 5432, database)]}
    assert aws.group(database) == {"in": [("tcp", 5432, 5432, pool)], "out": []}


@line("Security group restrictions: nothing but the ALB is open to the world")
def _(aws):
    for group in aws.in_vpc("ec2.describe_security_groups", "SecurityGroups"):
        if group["GroupId"] not in aws.balancer()["SecurityGroups"]:
            assert not any(whence in ("0.0.0.0/0", "::/0") for *_, whence in aws.group(group["GroupId"])["in"])


# ---- data layer


@line("RDS Instance: PostgreSQL database, reached by nobody from outside")
def _(aws):
    database = aws.database()
    assert database["Engine"] == "postgres" and database["DBInstanceStatus"] == "available"
    assert database["PubliclyAccessible"] is False


@line("RDS Instance: Multi-AZ deployment")
def _(aws):
    assert aws.database()["MultiAZ"] is True


@line("RDS Instance: automated backups, in a window beside that of maintenance")
def _(aws):
    database = aws.database()
    assert database["BackupRetentionPeriod"] >= 7 and database["DeletionProtection"]
    begin, end = database["PreferredBackupWindow"].split("-")
    first, last = (part.split(":", 1)[1] for part in database["PreferredMaintenanceWindow"].split("-"))
    assert end <= first or last <= begin


@line("RDS Instance: encryption at rest with a key of the stack's own, that rotates")
def _(aws):
    database = aws.database()
    key = aws.ask("kms.describe_key", "KeyMetadata", KeyId=database["KmsKeyId"])
    assert database["StorageEncrypted"] and key["KeyManager"] == "CUSTOMER" and key["KeyState"] == "Enabled"
    assert aws.ask("kms.get_key_rotation_status", "KeyRotationEnabled", KeyId=key["KeyId"])
    assert any(a.get("TargetKeyId") == key["KeyId"] and not a["AliasName"].startswith("alias/aws/")
               for a in aws.ask("kms.list_aliases", "Aliases"))


@line("Encryption in transit: the database refuses what is not TLS")
def _(aws):
    group, = aws.database()["DBParameterGroups"]
    parameters = {p["ParameterName"]: p.get("ParameterValue")
                  for p in aws.ask("rds.describe_db_parameters", "Parameters",
                                   DBParameterGroupName=group["DBParameterGroupName"])}
    assert parameters["rds.force_ssl"] == "1" and group["ParameterApplyStatus"] == "in-sync"


@line("Database connection pooling, with TLS")
def _(aws):
    pool = aws.pool()
    assert pool["EngineFamily"] == "POSTGRESQL" and pool["RequireTLS"] and pool["Status"] == "available"
    group, = aws.ask("rds.describe_db_proxy_target_groups", "TargetGroups", DBProxyName=pool["DBProxyName"])
    assert 0 < group["ConnectionPoolConfig"]["MaxConnectionsPercent"] <= 100
    assert pool["Auth"][0]["SecretArn"] == aws.database()["MasterUserSecret"]["SecretArn"]


# ---- security layer


@line("IAM Roles: no wildcard action on a wildcard resource")
def _(aws):
    assert aws.roles()
    for name, role in aws.roles().items():
        for one in role["may"]:
            wide = [action for action in words(one["Action"]) if action == "*" or action.endswith(":*")]
            assert not (wide and "*" in words(one["Resource"])), f"{name}: {one}"
            assert one["Effect"] == "Allow" and "NotAction" not in one


@line("IAM Roles: each trusted by one service, for this account only")
def _(aws):
    for name, role in aws.roles().items():
        for one in role["trust"]:
            assert set(one["Principal"]) == {"Service"} and len(words(one["Principal"]["Service"])) == 1, name
            assert "aws:SourceAccount" in one["Condition"]["StringEquals"], name


@line("IAM Roles: tasks have one for starting and one for running, and what they are for they may")
def _(aws):
    roles, task = aws.roles(), aws.task()
    start, run = (roles[task[which].split("/")[-1]] for which in ("executionRoleArn", "taskRoleArn"))
    assert task["executionRoleArn"] != task["taskRoleArn"]
    may = {action: words(one["Resource"]) for one in start["may"] for action in words(one["Action"])}
    secrets = {one["valueFrom"] for one in task["containerDefinitions"][0]["secrets"]}
    assert secrets == set(may["secretsmanager:GetSecretValue"])
    assert {"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "logs:PutLogEvents"} <= set(may)
    assert any("cloudwatch:PutMetricData" in words(one["Action"]) for one in run["may"])


@line("Secrets Manager: secure credentials management, no password in a task's environment")
def _(aws):
    """RDS renews its own every seven days, so a task is told where it is, and may read it."""
    secret = aws.database()["MasterUserSecret"]
    task = aws.task()
    container = task["containerDefinitions"][0]
    assert secret["SecretStatus"] == "active"
    assert any(one["value"] == secret["SecretArn"] for one in container["environment"])
    may = aws.roles()[task["taskRoleArn"].split("/")[-1]]["may"]
    assert any("secretsmanager:GetSecretValue" in words(one["Action"]) and words(one["Resource"]) == [secret["SecretArn"]]
               for one in may)
    assert all(":secretsmanager:" in one["valueFrom"] for one in container["secrets"])
    assert not any("PASSWORD" in one["name"].upper() or "SECRET" in one["name"].upper() for one in container["environment"])


@line("Secrets Manager: the application's secret under the stack's own key, generated")
def _(aws):
    secret, = [one for one in aws.ask("secretsmanager.list_secrets", "SecretList") if not one.get("OwningService")]
    assert secret["KmsKeyId"] == aws.database()["KmsKeyId"]
    value = json.loads(aws.ask("secretsmanager.get_secret_value", "SecretString", SecretId=secret["ARN"]))
    assert len(value["secret"]) >= 32


# ---- monitoring layer


@line("CloudWatch: container logs, encrypted and kept for a time")
def _(aws):
    log = aws.task()["containerDefinitions"][0]["logConfiguration"]
    groups = {one["logGroupName"]: one for one in aws.ask("logs.describe_log_groups", "logGroups")}
    assert log["logDriver"] == "awslogs" and log["options"]["awslogs-group"] in groups
    for group in groups.values():
        assert group["retentionInDays"] and group["kmsKeyId"] == aws.database()["KmsKeyId"]


@line("CloudWatch: the network's and the database's logs")
def _(aws):
    flow = aws.one("ec2.describe_flow_logs", "FlowLogs")
    assert flow["FlowLogStatus"] == "ACTIVE" and flow["ResourceId"] == aws.vpc()["VpcId"]
    groups = {group["logGroupName"]: group for group in aws.ask("logs.describe_log_groups", "logGroups")}
    for log in aws.database()["EnabledCloudwatchLogsExports"]:
        group = groups[f"/aws/rds/instance/{aws.database()['DBInstanceIdentifier']}/{log}"]
        assert group["retentionInDays"] and group["kmsKeyId"] == aws.database()["KmsKeyId"]
    assert "postgresql" in aws.database()["EnabledCloudwatchLogsExports"]


@line("CloudWatch: custom metrics, from the log lines")
def _(aws):
    log = aws.task()["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"]
    found = aws.one("logs.describe_metric_filters", "metricFilters", logGroupName=log)
    assert "ERROR" in found["filterPattern"]
    metric, = found["metricTransformations"]
    assert any(alarm.get("MetricName") == metric["metricName"] and alarm["Namespace"] == metric["metricNamespace"]
               for alarm in aws.alarms().values())


@line("Monitoring and Logging: dashboards over tasks, database and requests")
def _(aws):
    name = aws.one("cloudwatch.list_dashboards", "DashboardEntries")["DashboardName"]
    body = aws.ask("cloudwatch.get_dashboard", "DashboardBody", DashboardName=name)
    assert json.loads(body)["widgets"]
    for word in ("AWS/ECS", "AWS/RDS", "AWS/ApplicationELB", aws.service()["serviceName"]):
        assert word in body


def alarm(aws, namespace, metric):
    """The alarm of a metric; it tells the topic, which somebody hears."""
    found = next(a for a in aws.alarms().values() if (a.get("Namespace"), a.get("MetricName")) == (namespace, metric))
    tells_somebody(aws, found)
    return found, {d["Name"]: d["Value"] for d in found["Dimensions"]}


def tells_somebody(aws, found):
    topic = aws.one("sns.list_topics", "Topics")["TopicArn"]
    assert found["ActionsEnabled"] and found["AlarmActions"] == [topic]
    assert any(s["Protocol"] == "email" for s in
               aws.ask("sns.list_subscriptions_by_topic", "Subscriptions", TopicArn=topic))


@line("Alerts: high CPU usage")
def _(aws):
    found, of = alarm(aws, "AWS/ECS", "CPUUtilization")
    assert of == {"ClusterName": aws.cluster()["clusterName"], "ServiceName": aws.service()["serviceName"]}
    assert found["Threshold"] > 70 and found["ComparisonOperator"].startswith("GreaterThan")


@line("Alerts: high memory usage")
def _(aws):
    found, of = alarm(aws, "AWS/ECS", "MemoryUtilization")
    assert of == {"ClusterName": aws.cluster()["clusterName"], "ServiceName": aws.service()["serviceName"]}
    assert found["Threshold"] > 80


@line("Alerts: error rate spikes")
def _(aws):
    rate, = [a for a in aws.alarms().values() if a.get("Metrics")]
    shown, = [m for m in rate["Metrics"] if m["ReturnData"]]
    balancer = aws.balancer()["LoadBalancerArn"].split(":loadbalancer/")[1]
    read = {m["Id"]: m["MetricStat"]["Metric"] for m in rate["Metrics"] if "MetricStat" in m}
    assert "/" in shown["Expression"] and all(name in shown["Expression"] for name in read)
    # RequestCount has only what a target was chosen for: where none is left, the balancer's own errors are all there is.
    assert {m["MetricName"] for m in read.values()} == {
        "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "RequestCount"}
    assert all(f"FILL({name}, 0)" in shown["Expression"] for name in read)
    assert all(m["Dimensions"] == [{"Name": "LoadBalancer", "Value": balancer}] for m in read.values())
    tells_somebody(aws, rate)


@line("Alerts: tasks that the load balancer finds unwell")
def _(aws):
    found, of = alarm(aws, "AWS/ApplicationELB", "UnHealthyHostCount")
    group, = aws.ask("elbv2.describe_target_groups", "TargetGroups")
    assert of == {"LoadBalancer": aws.balancer()["LoadBalancerArn"].split(":loadbalancer/")[1],
                  "TargetGroup": group["TargetGroupArn"].split(":")[-1]}
    assert (found["Threshold"], found["ComparisonOperator"]) == (0, "GreaterThanThreshold")


@line("Alerts: the database runs out of memory or of storage")
def _(aws):
    for metric, least in (("FreeableMemory", 128 << 20), ("FreeStorageSpace", 1 << 30)):
        found, of = alarm(aws, "AWS/RDS", metric)
        assert of == {"DBInstanceIdentifier": aws.database()["DBInstanceIdentifier"]}
        assert found["Threshold"] >= least and found["ComparisonOperator"].startswith("LessThan")
    assert found["Threshold"] < aws.database()["AllocatedStorage"] << 30


@line("Alerts: each NAT gateway runs out of ports")
def _(aws):
    of = {a["Dimensions"][0]["Value"] for a in aws.alarms().values() if a.get("MetricName") == "ErrorPortAllocation"}
    assert of == {one["NatGatewayId"] for one in aws.in_vpc("ec2.describe_nat_gateways", "NatGateways")}
    alarm(aws, "AWS/NATGateway", "ErrorPortAllocation")


@line("Alerts: the log search is red, or full")
def _(aws):
    for metric, way in (("ClusterStatus.red", "GreaterThan"), ("FreeStorageSpace", "LessThan")):
        found, of = alarm(aws, "AWS/ES", metric)
        assert of == {"DomainName": aws.domain()["DomainName"], "ClientId": aws.domain()["ARN"].split(":")[4]}
        assert found["ComparisonOperator"].startswith(way)
    assert 0 < found["Threshold"] < aws.domain()["EBSOptions"]["VolumeSize"] << 10 # in MiB


@line("Alerts: logs that could not be delivered")
def _(aws):
    of = aws.stream()["Destinations"][0]["ElasticsearchDestinationDescription"]
    found = aws.one("logs.describe_metric_filters", "metricFilters",
                    logGroupName=of["CloudWatchLoggingOptions"]["LogGroupName"])
    metric, = found["metricTransformations"]
    assert found["filterPattern"] == "" # whatever stands there is an error
    alarm(aws, metric["metricNamespace"], metric["metricName"])


@line("Encryption at rest: alarms wait in the topic under the stack's key, which CloudWatch may use")
def _(aws):
    topic = aws.one("sns.list_topics", "Topics")["TopicArn"]
    key = aws.ask("sns.get_topic_attributes", "Attributes", TopicArn=topic)["KmsMasterKeyId"]
    assert key == aws.database()["KmsKeyId"]
    policy = aws.ask("kms.get_key_policy", "Policy", KeyId=key, PolicyName="default")
    allowed, = [one for one in statements(policy)
                if one["Principal"].get("Service") == "cloudwatch.amazonaws.com"]
    assert {"kms:Decrypt", "kms:GenerateDataKey*"} <= set(words(allowed["Action"]))


@line("Alerts: database connection issues")
def _(aws):
    found, of = alarm(aws, "AWS/RDS", "DatabaseConnections")
    assert of == {"DBInstanceIdentifier": aws.database()["DBInstanceIdentifier"]} and found["Threshold"] > 0


@line("OpenSearch: log analytics, encrypted at rest, between its nodes and on the way")
def _(aws):
    domain = aws.domain()
    assert domain["EngineVersion"].startswith("OpenSearch_")
    assert domain["EncryptionAtRestOptions"]["Enabled"] and domain["NodeToNodeEncryptionOptions"]["Enabled"]
    assert domain["DomainEndpointOptions"]["EnforceHTTPS"]
    assert domain["DomainEndpointOptions"]["TLSSecurityPolicy"].startswith("Policy-Min-TLS-1-2")


@line("OpenSearch: in private subnets, with an access policy that names who")
def _(aws):
    domain = aws.domain()
    assert private(aws, domain["VPCOptions"]["SubnetIds"])
    for one in statements(domain["AccessPolicies"]):
        assert one["Principal"] != "*" and "*" not in words(one["Principal"]["AWS"])


@line("Centralized logging: the tasks' logs flow to the domain, by a subscription and a delivery stream")
def _(aws):
    log = aws.task()["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"]
    subscription = aws.one("logs.describe_subscription_filters", "subscriptionFilters", logGroupName=log)
    stream, domain, roles = aws.stream(), aws.domain(), aws.roles()
    of = stream["Destinations"][0]["ElasticsearchDestinationDescription"]
    assert subscription["destinationArn"] == stream["DeliveryStreamARN"] and stream["DeliveryStreamStatus"] == "ACTIVE"
    assert of["DomainARN"] == domain["ARN"] and of["ProcessingConfiguration"]["Enabled"]
    ships = roles[subscription["roleArn"].split("/")[-1]]["may"]
    assert any(stream["DeliveryStreamARN"] in words(one["Resource"]) for one in ships)
    assert of["RoleARN"] in words(statements(domain["AccessPolicies"])[0]["Principal"]["AWS"])


@line("Centralized logging: the delivery stream may tell its own errors, and keep what it could not deliver")
def _(aws):
    of = aws.stream()["Destinations"][0]["ElasticsearchDestinationDescription"]
    may = {action: words(one["Resource"]) for one in aws.roles()[of["RoleARN"].split("/")[-1]]["may"]
           for action in words(one["Action"])}
    log = of["CloudWatchLoggingOptions"]
    streams = aws.ask("logs.describe_log_streams", "logStreams", logGroupName=log["LogGroupName"])
    assert [one["logStreamName"] for one in streams] == [log["LogStreamName"]]
    assert log["Enabled"] and any(log["LogGroupName"] in one for one in may.get("logs:PutLogEvents", ()))
    bucket = of["S3DestinationDescription"]["BucketARN"]
    assert bucket.endswith(aws.one("s3.list_buckets", "Buckets")["Name"])
    assert any(one.startswith(bucket) for one in may["s3:PutObject"])


@line("Encryption at rest: the bucket's objects, and a time after which they go")
def _(aws):
    rule, = aws.bucket("bucket_encryption", "ServerSideEncryptionConfiguration")["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] in ("AES256", "aws:kms")
    assert aws.bucket("bucket_lifecycle_configuration", "Rules")[0]["Expiration"]["Days"] > 0


@line("Security: the bucket is closed to the public")
def _(aws):
    assert set(aws.bucket("public_access_block", "PublicAccessBlockConfiguration").values()) == {True}


@line("Encryption in transit: the bucket refuses what is not TLS")
def _(aws):
    denies = [one for one in statements(aws.bucket("bucket_policy", "Policy")) if one["Effect"] == "Deny"]
    assert any(one["Principal"] == "*" and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
               and "s3:*" in words(one["Action"]) and len(words(one["Resource"])) == 2 for one in denies)


@line("Maintainability: everything says which stack holds it")
def _(aws):
    for found in ([aws.vpc()["Tags"]], [s["Tags"] for s in aws.subnets().values()], [aws.database()["TagList"]],
                  [g["Tags"] for g in aws.in_vpc("ec2.describe_security_groups", "SecurityGroups")
                   if g["GroupName"] != "default"]):
        for tags in found:
            assert {"Key": "holdfast:stack", "Value": "shop"} in tags
