"""The shipped multi-tier example, unchanged, as a stack that tests bring up: where it lies, what it declares, and what
is left in the account when it is gone."""
import json
import urllib.parse

from botocore.exceptions import ClientError

from daemon import ROOT

FILE = ROOT / "config/examples/multi-tier.yaml"
STACK = "shop"


def text():
    return FILE.read_text()


def without_resources():
    """The same file with nothing in it: everything is to go."""
    head = text().split("\nnetwork:\n")[0]
    return head[head.index("stack:"):].split("\nvars:\n")[0] + "\n"


class Account:
    """What AWS itself says, by boto3, in the words that a reader of an architecture uses."""

    def __init__(self, emulator):
        self.emulator = emulator

    def ask(self, call, member, **parameters):
        """All pages of a list, or one member of an answer."""
        service, operation = call.split(".")
        client = self.emulator.client(service)
        if client.can_paginate(operation):
            return client.get_paginator(operation).paginate(**parameters).build_full_result().get(member)
        return getattr(client, operation)(**parameters).get(member)

    def one(self, call, member, **parameters):
        found = self.ask(call, member, **parameters)
        assert len(found) == 1, f"{call}: {len(found)} {member}"
        return found[0]

    # -- network

    def vpc(self):
        return self.one("ec2.describe_vpcs", "Vpcs", Filters=[{"Name": "isDefault", "Values": ["false"]}])

    def in_vpc(self, call, member, key="vpc-id"):
        return self.ask(call, member, Filters=[{"Name": key, "Values": [self.vpc()["VpcId"]]}])

    def subnets(self):
        return {one["SubnetId"]: one for one in self.in_vpc("ec2.describe_subnets", "Subnets")}

    def routes(self, subnet):
        """Of the route table that a subnet is associated with by name."""
        tables = [table for table in self.in_vpc("ec2.describe_route_tables", "RouteTables")
                  if any(a.get("SubnetId") == subnet for a in table["Associations"])]
        assert len(tables) == 1, f"{subnet} is with {len(tables)} route tables"
        return tables[0]["Routes"]

    def way_out(self, subnet):
        """"internet", the id of a NAT gateway, or None: where 0.0.0.0/0 goes from a subnet."""
        for route in self.routes(subnet):
            if route.get("DestinationCidrBlock") == "0.0.0.0/0":
                assert route["State"] == "active"
                return route.get("NatGatewayId") or ("internet" if route["GatewayId"].startswith("igw-") else None)
        return None

    def zones(self, subnets):
        return {self.subnets()[subnet]["AvailabilityZone"] for subnet in subnets}

    def group(self, identifier):
        """{"in": [...], "out": [...]} of a security group: (protocol, from, to, whence)."""
        rules = {"in": [], "out": []}
        for rule in self.ask("ec2.describe_security_group_rules", "SecurityGroupRules",
                             Filters=[{"Name": "group-id", "Values": [identifier]}]):
            other = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule["ReferencedGroupInfo"]["GroupId"]
            rules["out" if rule["IsEgress"] else "in"].append(
                (rule["IpProtocol"], rule["FromPort"], rule["ToPort"], other))
        return {side: sorted(found) for side, found in rules.items()}

    # -- compute

    def balancer(self):
        return self.one("elbv2.describe_load_balancers", "LoadBalancers")

    def listeners(self):
        found = self.ask("elbv2.describe_listeners", "Listeners", LoadBalancerArn=self.balancer()["LoadBalancerArn"])
        return {one["Port"]: one for one in found}

    def cluster(self):
        arn = self.one("ecs.list_clusters", "clusterArns")
        return self.one("ecs.describe_clusters", "clusters", clusters=[arn], include=["SETTINGS", "TAGS"])

    def service(self):
        cluster = self.cluster()["clusterArn"]
        arn = self.one("ecs.list_services", "serviceArns", cluster=cluster)
        return self.one("ecs.describe_services", "services", cluster=cluster, services=[arn])

    def task(self):
        return self.ask("ecs.describe_task_definition", "taskDefinition",
                        taskDefinition=self.service()["taskDefinition"])

    def tracking(self, metric):
        """The target tracking policy of a predefined metric."""
        found = [p["TargetTrackingScalingPolicyConfiguration"]
                 for p in self.ask("application-autoscaling.describe_scaling_policies", "ScalingPolicies",
                                   ServiceNamespace="ecs") if p["PolicyType"] == "TargetTrackingScaling"]
        return next(c for c in found if c["PredefinedMetricSpecification"]["PredefinedMetricType"] == metric)

    # -- data and security

    def database(self):
        return self.one("rds.describe_db_instances", "DBInstances")

    def pool(self):
        return self.one("rds.describe_db_proxies", "DBProxies")

    def roles(self):
        """{role name: {"trust": statements, "may": statements}}."""
        found = {}
        for role in self.ask("iam.list_roles", "Roles"):
            name = role["RoleName"]
            if not name.startswith(STACK + "-"):
                continue  # the emulator's services make roles of their own
            may = []
            for policy in self.ask("iam.list_role_policies", "PolicyNames", RoleName=name):
                may += statements(self.ask("iam.get_role_policy", "PolicyDocument", RoleName=name, PolicyName=policy))
            for policy in self.ask("iam.list_attached_role_policies", "AttachedPolicies", RoleName=name):
                version = self.ask("iam.get_policy", "Policy", PolicyArn=policy["PolicyArn"])["DefaultVersionId"]
                may += statements(self.ask("iam.get_policy_version", "PolicyVersion", PolicyArn=policy["PolicyArn"],
                                           VersionId=version)["Document"])
            found[name] = {"trust": statements(role["AssumeRolePolicyDocument"]), "may": may}
        return found

    def bucket(self, what, member):
        name = self.one("s3.list_buckets", "Buckets")["Name"]
        return self.ask(f"s3.get_{what}", member, Bucket=name)

    def domain(self):
        name = self.one("opensearch.list_domain_names", "DomainNames")["DomainName"]
        return self.ask("opensearch.describe_domain", "DomainStatus", DomainName=name)

    def stream(self):
        name = self.one("firehose.list_delivery_streams", "DeliveryStreamNames")
        return self.ask("firehose.describe_delivery_stream", "DeliveryStreamDescription", DeliveryStreamName=name)

    def alarms(self):
        return {one["AlarmName"]: one for one in self.ask("cloudwatch.describe_alarms", "MetricAlarms")
                if one["AlarmName"].startswith(STACK + "-")}

    def remains(self):
        """What is in the account that is not there in an empty one, named; [] after a good end."""
        left = []
        for call, member, name in EVERYTHING:
            try:
                found = self.ask(call, member, **EVERYTHING_PARAMETERS.get(call, {}))
            except ClientError as error:
                left.append(f"{call}: {error}")
                continue
            left += [f"{call}: {one if name is None else one.get(name)}" for one in found or ()
                     if not own(call, one) and not self.waits(call, one)]
        return left

    def waits(self, call, one):
        """AWS keeps a key until its window is over, and the alias with it; a cluster stays to be seen for a while, and
        the emulator lists it, which AWS does not."""
        if call == "kms.list_aliases" and "TargetKeyId" in one:
            return self.ask("kms.describe_key", "KeyMetadata", KeyId=one["TargetKeyId"])["KeyState"] == "PendingDeletion"
        return call == "ecs.list_clusters" and self.one(
            "ecs.describe_clusters", "clusters", clusters=[one])["status"] == "INACTIVE"


def statements(document):
    if isinstance(document, str):
        document = json.loads(urllib.parse.unquote(document))
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def words(value):
    """A policy's scalar or list as a list."""
    return value if isinstance(value, list) else [value]


MINE = {"OwnerIds": ["self"]}
EVERYTHING_PARAMETERS = {
    "ec2.describe_snapshots": MINE, "iam.list_policies": {"Scope": "Local"},
    "application-autoscaling.describe_scalable_targets": {"ServiceNamespace": "ecs"},
    "application-autoscaling.describe_scaling_policies": {"ServiceNamespace": "ecs"},
    "rds.describe_db_snapshots": {"SnapshotType": "manual"},
    "ecs.list_task_definitions": {"status": "ACTIVE"},
}
EVERYTHING = [
    ("ec2.describe_vpcs", "Vpcs", "VpcId"),
    ("ec2.describe_subnets", "Subnets", "SubnetId"),
    ("ec2.describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2.describe_addresses", "Addresses", "AllocationId"),
    ("ec2.describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("ec2.describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2.describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2.describe_network_acls", "NetworkAcls", "NetworkAclId"),
    ("ec2.describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("ec2.describe_security_groups", "SecurityGroups", "GroupId"),
    ("kms.list_aliases", "Aliases", "AliasName"),
    ("secretsmanager.list_secrets", "SecretList", "Name"),
    ("acm.list_certificates", "CertificateSummaryList", "CertificateArn"),
    ("iam.list_roles", "Roles", "RoleName"),
    ("iam.list_policies", "Policies", "PolicyName"),
    ("rds.describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds.describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("rds.describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    ("rds.describe_db_proxies", "DBProxies", "DBProxyName"),
    ("s3.list_buckets", "Buckets", "Name"),
    ("ecs.list_clusters", "clusterArns", None),
    ("ecs.list_task_definitions", "taskDefinitionArns", None),
    ("elbv2.describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    ("elbv2.describe_target_groups", "TargetGroups", "TargetGroupName"),
    ("application-autoscaling.describe_scalable_targets", "ScalableTargets", "ResourceId"),
    ("application-autoscaling.describe_scaling_policies", "ScalingPolicies", "PolicyName"),
    ("logs.describe_log_groups", "logGroups", "logGroupName"),
    ("logs.describe_metric_filters", "metricFilters", "filterName"),
    ("opensearch.list_domain_names", "DomainNames", "DomainName"),
    ("firehose.list_delivery_streams", "DeliveryStreamNames", None),
    ("sns.list_topics", "Topics", "TopicArn"),
    ("sns.list_subscriptions", "Subscriptions", "SubscriptionArn"),
    ("cloudwatch.describe_alarms", "MetricAlarms", "AlarmName"),
    ("cloudwatch.list_dashboards", "DashboardEntries", "DashboardName"),
]


def own(call, one):
    """Whether an account has it from the beginning, or AWS keeps it for a while after a deletion."""
    if not isinstance(one, dict):
        return False
    if one.get("IsDefault") or one.get("DefaultForAz") or one.get("State") == "deleted" or one.get("DeletedDate"):
        return True
    return (one.get("GroupName") == "default" or one.get("AliasName", "").startswith("alias/aws/")
            or call == "ec2.describe_route_tables" and any(a.get("Main") for a in one["Associations"]))
