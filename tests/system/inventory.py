"""What stands in AWS, whatever the daemon thinks of it: one list over all kinds, read with boto3.

    everything(emulator)            [(kind, identity)] of what is there and is not on its way out
    wanted(tree)                    Counter of the kinds that a file declares
    problems(emulator, before, tree)  sentences; none: one of each

The identity of what is tagged is its address, of the rest its name: two of the same are two of one resource,
one that the account did not have before and the file does not declare is an orphan.
"""
import collections

LAYERS = ("network", "compute", "data", "security", "monitoring")


def tag_of(item):
    for name in ("Tags", "tags", "TagList", "TagSet"):
        for tag in item.get(name) or []:
            if (tag.get("Key") or tag.get("key")) == "holdfast:resource":
                return tag.get("Value") or tag.get("value")
    return None


def listed(kind, items, *names):
    found = []
    for item in items:
        name = tag_of(item) or next((str(item[n]) for n in names if item.get(n)), None)
        found.append((kind, name or str(item)))
    return found


def network(client):
    ec2 = client("ec2")
    gone = ("deleted", "deleting", "failed")
    return (listed("vpc", [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]], "VpcId")
            + listed("subnet", [s for s in ec2.describe_subnets()["Subnets"] if not s["DefaultForAz"]], "SubnetId")
            + listed("internet_gateway", ec2.describe_internet_gateways()["InternetGateways"], "InternetGatewayId")
            + listed("elastic_ip", ec2.describe_addresses()["Addresses"], "AllocationId")
            + listed("nat_gateway", [n for n in ec2.describe_nat_gateways()["NatGateways"] if n["State"] not in gone],
                     "NatGatewayId")
            + listed("route_table", [t for t in ec2.describe_route_tables()["RouteTables"]
                                     if not any(a.get("Main") for a in t["Associations"])], "RouteTableId")
            + listed("vpc_endpoint", [e for e in ec2.describe_vpc_endpoints()["VpcEndpoints"]
                                      if e["State"] not in gone], "VpcEndpointId")
            + listed("network_acl", [a for a in ec2.describe_network_acls()["NetworkAcls"] if not a["IsDefault"]],
                     "NetworkAclId")
            + listed("flow_log", ec2.describe_flow_logs()["FlowLogs"], "FlowLogId")
            + listed("security_group", [g for g in ec2.describe_security_groups()["SecurityGroups"]
                                        if g["GroupName"] != "default"], "GroupId"))


def compute(client):
    ecs, elb, scaling = client("ecs"), client("elbv2"), client("application-autoscaling")
    found = []
    for arn in ecs.list_clusters()["clusterArns"]:
        cluster = ecs.describe_clusters(clusters=[arn])["clusters"]
        found += listed("ecs_cluster", [c for c in cluster if c["status"] == "ACTIVE"], "clusterName")
        services = ecs.list_services(cluster=arn)["serviceArns"]
        if services:
            found += listed("ecs_service", [s for s in ecs.describe_services(cluster=arn, services=services)[
                "services"] if s["status"] == "ACTIVE"], "serviceName")
    found += [("task_definition", arn.split("/")[-1].split(":")[0])
              for arn in ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]]
    balancers = elb.describe_load_balancers()["LoadBalancers"]
    found += listed("load_balancer", balancers, "LoadBalancerName")
    found += listed("target_group", elb.describe_target_groups()["TargetGroups"], "TargetGroupName")
    for balancer in balancers:
        found += [("listener", f"{balancer['LoadBalancerName']}:{one['Port']}") for one in elb.describe_listeners(
            LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]]
    found += listed("scaling_target", scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"],
                    "ResourceId")
    found += listed("scaling_policy", scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"],
                    "PolicyName")
    return found


def data(client):
    rds = client("rds")
    return (listed("db_subnet_group", rds.describe_db_subnet_groups()["DBSubnetGroups"], "DBSubnetGroupName")
            + listed("db_parameter_group", [g for g in rds.describe_db_parameter_groups()["DBParameterGroups"]
                                            if not g["DBParameterGroupName"].startswith("default.")],
                     "DBParameterGroupName")
            + listed("db_instance", rds.describe_db_instances()["DBInstances"], "DBInstanceIdentifier")
            + listed("db_proxy", rds.describe_db_proxies()["DBProxies"], "DBProxyName")
            + listed("s3_bucket", client("s3").list_buckets()["Buckets"], "Name"))


def security(client):
    kms, iam = client("kms"), client("iam")
    keys = []
    aws_own = {a.get("TargetKeyId") for a in kms.list_aliases()["Aliases"] if a["AliasName"].startswith("alias/aws/")}
    for key in kms.list_keys()["Keys"]:
        if key["KeyId"] in aws_own:
            continue
        about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if about["KeyState"] != "PendingDeletion" and about["KeyManager"] == "CUSTOMER":
            tags = kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
            keys.append(("kms_key", next((t["TagValue"] for t in tags if t["TagKey"] == "holdfast:resource"),
                                         key["KeyId"])))
    # What RDS keeps for itself comes and goes with its instance.
    secrets = [s for s in client("secretsmanager").list_secrets()["SecretList"]
               if not s["Name"].startswith("rds!") and not s.get("DeletedDate")]
    certificates = client("acm").list_certificates()["CertificateSummaryList"]
    roles = iam.list_roles()["Roles"]
    linked = [role for role in roles if role["Path"].startswith("/aws-service-role/")]
    return (keys + listed("secret", secrets, "Name") + listed("certificate", certificates, "DomainName")
            + listed("service_linked_role", linked, "RoleName")
            + listed("iam_role", [role for role in roles if role not in linked], "RoleName"))


def monitoring(client):
    logs, sns, watch = client("logs"), client("sns"), client("cloudwatch")
    found = []
    for group in logs.describe_log_groups()["logGroups"]:
        found += listed("log_group", [group], "logGroupName")
        found += listed("subscription_filter", logs.describe_subscription_filters(
            logGroupName=group["logGroupName"])["subscriptionFilters"], "filterName")
        found += listed("log_stream", logs.describe_log_streams(
            logGroupName=group["logGroupName"])["logStreams"], "logStreamName")
    alarms = watch.describe_alarms()
    # What a scaling policy made is the policy's.
    own = [a for a in alarms["MetricAlarms"] if not a["AlarmName"].startswith("TargetTracking-")]
    return (found + listed("metric_filter", logs.describe_metric_filters()["metricFilters"], "filterName")
            + listed("opensearch_domain", client("opensearch").list_domain_names()["DomainNames"], "DomainName")
            + [("firehose_stream", n) for n in client("firehose").list_delivery_streams()["DeliveryStreamNames"]]
            + listed("sns_topic", sns.list_topics()["Topics"], "TopicArn")
            + listed("sns_subscription", sns.list_subscriptions()["Subscriptions"], "Endpoint")
            + listed("alarm", own, "AlarmName")
            + listed("dashboard", watch.list_dashboards()["DashboardEntries"], "DashboardName"))


def everything(emulator):
    found = []
    for layer in (network, compute, data, security, monitoring):
        found += layer(emulator.client)
    return sorted(found)


def wanted(tree):
    return collections.Counter({kind: len(named) for layer in LAYERS if layer in tree
                                for kind, named in tree[layer].items() if kind != "policy"})


def problems(emulator, before, tree):
    """How AWS differs from one of each that `tree` declares, beside what stood there `before`."""
    found = collections.Counter(everything(emulator)) - collections.Counter(before)
    said = [f"{count} of {kind} {name}" for (kind, name), count in found.items() if count > 1]
    have = collections.Counter()
    for (kind, _), count in found.items():
        have[kind] += count
    want = wanted(tree)
    for kind in sorted(set(have) | set(want)):
        if have[kind] != want[kind]:
            names = [name for (one, name) in found if one == kind]
            said.append(f"{have[kind]} {kind} in AWS, {want[kind]} in the file: {', '.join(names)}")
    return said
