"""Stacks for the tests of a whole network, and what must be true of one in AWS."""
import yaml

from emulator import ACCOUNT, REGION

ZONES = "abc"
LOG_GROUP = "/shop/flow"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/flow-logs"


def prepare(emulator):
    """What the network needs of other layers: the flow log's group."""
    emulator.client("logs").create_log_group(logGroupName=LOG_GROUP)


def head(name="shop", interval="1h", **policy):
    return {"stack": name, "account": ACCOUNT, "region": REGION, "tags": {"environment": "test"},
            "policy": {"mode": "enforce", "interval": interval, "prune": "hold", **policy}}


def dump(stack):
    return yaml.safe_dump(stack, sort_keys=False)


def small(name="shop", **how):
    """A VPC with two subnets and a way out: six resources."""
    return {**head(name, **how),
            "network": {
                "vpc": {"main": {"cidr_block": "10.0.0.0/16", "enable_dns_hostnames": True}},
                "internet_gateway": {"main": {"vpc": "main"}},
                "subnet": {f"public-{zone}": {"vpc": "main", "cidr_block": f"10.0.{i}.0/24",
                                              "availability_zone": zone, "map_public_ip_on_launch": True}
                           for i, zone in enumerate("ab")},
                "route_table": {"public": {
                    "vpc": "main", "subnets": ["public-a", "public-b"],
                    "routes": [{"destination_cidr_block": "0.0.0.0/0", "internet_gateway": "main"}]}},
            },
            "security": {
                "security_group": {"web": {
                    "vpc": "main", "description": "web",
                    "ingress": [{"ip_protocol": "tcp", "from_port": 443, "to_port": 443,
                                 "cidr_ipv4": "0.0.0.0/0"}]}},
            }}


def groups():
    """Eight groups that refer to each other, two of them in a circle."""
    def group(description, *ingress):
        return {"vpc": "main", "description": description, "ingress": list(ingress)}

    def tcp(port, **source):
        return {"ip_protocol": "tcp", "from_port": port, "to_port": port, **source}

    return {
        "alb": group("load balancer", tcp(80, cidr_ipv4="0.0.0.0/0"), tcp(443, cidr_ipv4="0.0.0.0/0")),
        "app": group("tasks", tcp(8080, security_group="alb")),
        "db": group("database", tcp(5432, security_group="app")),
        "cache": group("cache", tcp(6379, security_group="app")),
        "endpoints": group("endpoints", tcp(443, cidr_ipv4="10.0.0.0/16")),
        "gossip-a": group("one of a circle", tcp(7000, security_group="gossip-b")),
        "gossip-b": group("the other", tcp(7000, security_group="gossip-a")),
        "ops": group("operators", tcp(22, cidr_ipv4="10.0.0.0/16")),
    }


def forty_tree(**how):
    subnets = {}
    for tier, prefix in (("public", 0), ("app", 10), ("db", 20)):
        for i, zone in enumerate(ZONES):
            subnets[f"{tier}-{zone}"] = {"vpc": "main", "cidr_block": f"10.0.{prefix + i}.0/24",
                                         "availability_zone": zone}
            if tier == "public":
                subnets[f"{tier}-{zone}"]["map_public_ip_on_launch"] = True
    tables = {
        "public": {"vpc": "main", "subnets": [f"public-{zone}" for zone in ZONES],
                   "routes": [{"destination_cidr_block": "0.0.0.0/0", "internet_gateway": "main"}]},
        "db": {"vpc": "main", "subnets": [f"db-{zone}" for zone in ZONES]},
    }
    for zone in ZONES:
        tables[f"app-{zone}"] = {"vpc": "main", "subnets": [f"app-{zone}"],
                                 "routes": [{"destination_cidr_block": "0.0.0.0/0", "nat_gateway": zone}]}
    endpoints = {
        name: {"vpc": "main", "vpc_endpoint_type": "Gateway", "service_name": f"com.amazonaws.{REGION}.{name}",
               "route_tables": [f"app-{zone}" for zone in ZONES]}
        for name in ("s3", "dynamodb")}
    for name in ("ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts"):
        endpoints[name.replace(".", "-")] = {
            "vpc": "main", "vpc_endpoint_type": "Interface", "service_name": f"com.amazonaws.{REGION}.{name}",
            "subnets": [f"app-{zone}" for zone in ZONES], "security_groups": ["endpoints"],
            "private_dns_enabled": True}
    return {
        **head(**how),
        "network": {
            "vpc": {"main": {"cidr_block": "10.0.0.0/16", "enable_dns_support": True,
                             "enable_dns_hostnames": True}},
            "internet_gateway": {"main": {"vpc": "main"}},
            "subnet": subnets,
            "elastic_ip": {f"nat-{zone}": {} for zone in ZONES},
            "nat_gateway": {zone: {"subnet": f"public-{zone}", "elastic_ip": f"nat-{zone}"} for zone in ZONES},
            "route_table": tables,
            "vpc_endpoint": endpoints,
            "flow_log": {"main": {"vpc": "main", "traffic_type": "ALL", "log_group_name": LOG_GROUP,
                                  "deliver_logs_permission_arn": ROLE}},
            "network_acl": {"db": {
                "vpc": "main", "subnets": [f"db-{zone}" for zone in ZONES],
                "entries": [
                    {"rule_number": 100, "egress": False, "protocol": "6", "rule_action": "allow",
                     "cidr_block": "10.0.0.0/16", "port_range": {"from": 5432, "to": 5432}},
                    {"rule_number": 100, "egress": True, "protocol": "-1", "rule_action": "allow",
                     "cidr_block": "10.0.0.0/16"}]}},
        },
        "security": {"security_group": groups()},
    }


def forty(**how):
    return dump(forty_tree(**how))


def addresses(tree):
    return {f"{layer}.{kind}.{name}"
            for layer in ("network", "compute", "data", "security", "monitoring") if layer in tree
            for kind, named in tree[layer].items() for name in named}


# (boto3 operation, list, id) of everything that our stack's tag can stand on
TAGGED = [
    ("describe_vpcs", "Vpcs", "VpcId"),
    ("describe_subnets", "Subnets", "SubnetId"),
    ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("describe_addresses", "Addresses", "AllocationId"),
    ("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("describe_route_tables", "RouteTables", "RouteTableId"),
    ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("describe_network_acls", "NetworkAcls", "NetworkAclId"),
    ("describe_security_groups", "SecurityGroups", "GroupId"),
]


def in_aws(ec2, stack="shop"):
    """[(address, AWS id)] of everything alive that carries the stack's tag; twice the same address is a
    duplicate."""
    found = []
    for operation, members, id_member in TAGGED:
        for item in getattr(ec2, operation)()[members]:
            tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
            if tags.get("holdfast:stack") == stack and item.get("State") not in ("deleted", "deleting"):
                found.append((tags["holdfast:resource"], item[id_member]))
    return sorted(found)
