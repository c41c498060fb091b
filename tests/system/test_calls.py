"""How many calls a look at the whole example takes when nothing has changed: as few as AWS's API allows.

The table is the promise: a call more fails here, and so does one less until its reason is taken out. Each line says why
there is no way with fewer. The proxy makes the tagging API know all types, as AWS's does.
"""
import collections

import pytest
import yaml

import as_aws
from multi_tier import text

BULK = "one page of all of ours, by our tag"
NAMED = "one call for all of ours, by their names"
ALONE = "AWS has no call for several"
MINIMUM = {
    # What carries our tag, of all services whose own lists show no tags: fifteen kinds in one.
    "tagging:GetResources": (1, "tags of everything at once, a hundred resources a page"),

    "ec2:DescribeVpcs": (1, BULK),
    "ec2:DescribeVpcAttribute": (2, f"two attributes that DescribeVpcs does not show, one a call; {ALONE}"),
    "ec2:DescribeSubnets": (1, BULK),
    "ec2:DescribeInternetGateways": (1, BULK),
    "ec2:DescribeNatGateways": (1, BULK),
    "ec2:DescribeAddresses": (1, BULK),
    "ec2:DescribeRouteTables": (1, f"{BULK}, routes and associations in it"),
    "ec2:DescribeVpcEndpoints": (1, BULK),
    "ec2:DescribeNetworkAcls": (1, f"{BULK}, entries and associations in it"),
    "ec2:DescribeFlowLogs": (1, BULK),
    "ec2:DescribeSecurityGroups": (1, f"{BULK}, rules in it: they are revoked by what they say, not by their ids"),

    "ecs:DescribeClusters": (1, NAMED),
    "ecs:DescribeServices": (1, f"{NAMED}, a cluster"),
    "ecs:DescribeTaskDefinition": (1, f"the newest active revision of a family: a service shows only the one it runs; {ALONE}"),
    "elasticloadbalancing:DescribeLoadBalancers": (1, "a page of all; no filter by tag"),
    "elasticloadbalancing:DescribeLoadBalancerAttributes": (1, f"of a load balancer; {ALONE}"),
    "elasticloadbalancing:DescribeTargetGroups": (1, "a page of all; no filter by tag"),
    "elasticloadbalancing:DescribeTargetGroupAttributes": (1, f"of a target group; {ALONE}"),
    "elasticloadbalancing:DescribeTargetHealth": (1, f"of a target group; {ALONE}"),
    "elasticloadbalancing:DescribeListeners": (1, "all of a load balancer"),
    "elasticloadbalancing:DescribeRules": (2, f"what others add at a listener, of which it shows nothing itself; {ALONE}"),
    "application-autoscaling:DescribeScalableTargets": (1, NAMED),
    "application-autoscaling:DescribeScalingPolicies": (1, "all of a target: by their names only ours would be seen"),

    "rds:DescribeDBInstances": (1, "a page of all; no filter by tag"),
    "rds:DescribeDBSubnetGroups": (1, "a page of all: an instance shows the subnets of its own, not its networks; of one without, nothing"),
    "rds:DescribeDBParameterGroups": (1, "a page of all: family and description, which do not stand beside the parameters"),
    "rds:DescribeDBParameters": (1, f"what was set in a group; {ALONE}"),
    "rds:DescribeDBProxies": (1, "a page of all; no filter by tag"),
    "rds:DescribeDBProxyTargetGroups": (1, f"the pool of a proxy, which DescribeDBProxies does not show; {ALONE}"),
    "rds:DescribeDBProxyTargets": (1, f"the targets of a proxy; {ALONE}"),
    "s3:GetBucketEncryption": (1, f"of a bucket, also whether it is there: each has one; {ALONE}"),
    "s3:GetBucketLifecycleConfiguration": (1, f"of a bucket; {ALONE}"),
    "s3:GetBucketOwnershipControls": (1, f"of a bucket; {ALONE}"),
    "s3:GetBucketPolicy": (1, f"of a bucket; {ALONE}"),
    "s3:GetPublicAccessBlock": (1, f"of a bucket; {ALONE}"),

    "iam:GetAccountAuthorizationDetails": (1, "all roles with their policies and tags: else four calls a role"),
    "iam:ListRoles": (1, "all service-linked roles, and no others"),
    "kms:DescribeKey": (1, f"of a key; {ALONE}"),
    "kms:GetKeyPolicy": (1, f"of a key; {ALONE}"),
    "kms:GetKeyRotationStatus": (1, f"of a key; {ALONE}"),
    "kms:ListAliases": (1, "of all keys: a key asked by our alias would not show one that somebody adds"),
    "secretsmanager:ListSecrets": (1, BULK),
    "acm:DescribeCertificate": (1, f"of a certificate: the list does not show its validation; {ALONE}"),

    "logs:DescribeLogGroups": (1, NAMED),
    "logs:DescribeLogStreams": (1, f"of a log stream; {ALONE}"),
    "logs:DescribeMetricFilters": (1, "of all log groups"),
    "logs:DescribeSubscriptionFilters": (1, f"of a log group that has one; {ALONE}"),
    "firehose:DescribeDeliveryStream": (1, f"of a stream; {ALONE}"),
    "es:DescribeDomains": (1, f"{NAMED}, five a call"),
    "monitoring:DescribeAlarms": (1, NAMED),
    "monitoring:GetDashboard": (1, f"the body of a dashboard; {ALONE}"),
    "sns:GetTopicAttributes": (1, f"of a topic; {ALONE}"),
    "sns:ListSubscriptions": (1, "of all topics: a topic tells how many it has, not which"),
}

# What one more of each costs: the parents that AWS can only be asked one by one.
PARENTS = {
    "kms_key": {"kms:DescribeKey": 1, "kms:GetKeyPolicy": 1, "kms:GetKeyRotationStatus": 1},
    "target_group": {"elasticloadbalancing:DescribeTargetGroupAttributes": 1,
                     "elasticloadbalancing:DescribeTargetHealth": 1},
    "listener": {"elasticloadbalancing:DescribeRules": 1},
    "sns_topic": {"sns:GetTopicAttributes": 1},
    "log_stream": {"logs:DescribeLogStreams": 1},
    "dashboard": {"monitoring:GetDashboard": 1},
    "db_parameter_group": {"rds:DescribeDBParameters": 1},
    "s3_bucket": {f"s3:{name}": 1 for name in (
        "GetBucketEncryption", "GetBucketLifecycleConfiguration", "GetBucketOwnershipControls", "GetBucketPolicy",
        "GetPublicAccessBlock")},
    "certificate": {"acm:DescribeCertificate": 1},
}


def example():
    tree = yaml.safe_load(text())
    tree["policy"]["interval"] = "1h"
    return tree


def with_twice_the_leaves(tree):
    """Again as many of the kinds that AWS lists, or takes by many names at once."""
    def again(layer, kind, change=lambda name, one: one):
        of = tree[layer][kind]
        of.update({f"{name}-too": change(name, dict(one or {})) for name, one in list(of.items())})

    third = iter(range(100, 200))
    again("network", "subnet", lambda name, one: {**one, "cidr_block": f"10.0.{next(third)}.0/24"})
    again("network", "elastic_ip")
    again("network", "route_table", lambda name, one: {"vpc": "main"})
    again("network", "network_acl", lambda name, one: {"vpc": "main"})
    again("security", "security_group")
    again("security", "iam_role")
    again("security", "secret")
    again("data", "db_subnet_group")
    again("monitoring", "log_group", lambda name, one: {**one, "log_group_name": one["log_group_name"] + "-too"})
    again("monitoring", "metric_filter")
    again("monitoring", "alarm")
    again("monitoring", "sns_subscription", lambda name, one: {**one, "endpoint": "too@example.com"})
    return tree


def with_another_of_each_parent(tree):
    for kind, layer in (("kms_key", "security"), ("target_group", "compute"), ("listener", "compute"),
                        ("sns_topic", "monitoring"), ("log_stream", "monitoring"), ("dashboard", "monitoring"),
                        ("db_parameter_group", "data"), ("s3_bucket", "data"), ("certificate", "security")):
        name, one = next(iter(tree[layer][kind].items()))
        other = {"kms_key": {"alias": "alias/shop-too"}, "listener": {"port": 8443},
                 "log_stream": {"log_stream_name": "too"}, "s3_bucket": {"bucket": "shop-too"},
                 "certificate": {"domain_name": "too.example.com"}}.get(kind, {})
        tree[layer][kind][f"{name}-too"] = {**one, **other}
    return tree


def calls_of_a_pass(daemon, proxy):
    daemon.sync()  # what was decided meanwhile has been looked at
    proxy.clear_calls()
    daemon.sync()
    assert proxy.mutations() == []
    return proxy.counts()


@pytest.fixture
def shop(held, proxy, emulator):
    proxy.behaviours = [as_aws.kms_key_arns(), as_aws.tagged_resources(emulator)]
    return held(yaml.safe_dump(example(), sort_keys=False))


def hold(daemon, tree):
    daemon.write(yaml.safe_dump(tree, sort_keys=False))
    daemon.reload()
    daemon.wait_synced()


def test_a_look_takes_the_fewest_calls_and_more_only_for_parents(shop, proxy):
    least = collections.Counter({name: count for name, (count, _) in MINIMUM.items()})
    assert calls_of_a_pass(shop, proxy) == least
    count = len(shop.resources())

    leaves = with_twice_the_leaves(example())
    hold(shop, leaves)
    assert len(shop.resources()) > 1.5 * count
    assert calls_of_a_pass(shop, proxy) == least

    hold(shop, with_another_of_each_parent(leaves))
    for more in PARENTS.values():
        least.update(more)
    assert calls_of_a_pass(shop, proxy) == least
