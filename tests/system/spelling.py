"""AWS's own spelling of what it was told, for the proxy: behaviours over every answer of every service.

    Spelling(seed)   policies with scalars for lists of one and the other way round, keys in another order, an account
                     for its root; JSON in text written anew; server-side defaults filled in; sets in any order
    Pages(size)      lists in pages, wherever the service's model says that there are any; comes before Spelling,
                     which would else give each page another order

Nothing here changes what an answer means. Each default is what AWS's documentation says it fills in and the emulator
leaves out. Order is changed only of lists that AWS does not order.
"""
import functools
import json
import random
import re
import urllib.parse
import xml.etree.ElementTree as ET

import botocore.loaders
import botocore.model

ROOT_ARN = re.compile(r"arn:aws:iam::(\d{12}):root")

# Lists whose order says nothing, by the member's name in JSON answers.
SETS = {"tags", "Tags", "TagList", "environment", "secrets", "subnets", "securityGroups", "SubnetIds", "SecurityGroupIds",
        "settings", "capacityProviders", "services", "clusters", "logGroups", "metricFilters", "ScalingPolicies",
        "ScalableTargets", "DomainStatusList", "SecretList", "CertificateSummaryList", "serviceArns", "Parameters",
        "ResourceTagMappingList", "Aliases", "Keys", "portMappings", "Dimensions", "AlarmActions"}


class Spelling:
    def __init__(self, seed=1):
        self.rng = random.Random(seed)

    def __call__(self, call, status, answer):
        if status != 200 or not call.is_read or not answer.strip():
            return status, answer
        text = answer.lstrip()
        if text.startswith(b"{"):
            value = json.loads(answer)
            if "Statement" in value:  # the policy of a bucket is the answer
                return status, json.dumps(self.policy(value)).encode()
            value = self.json(value)
            DEFAULTS.get((call.service, call.operation), dict.copy)(value)
            return status, json.dumps(value).encode()
        if text.startswith(b"<"):
            root = ET.fromstring(answer)
            for element in root.iter():
                if element.text and element.text.lstrip()[:1] in ("{", "%"):
                    element.text = self.text(element.text)
            DEFAULTS.get((call.service, call.operation), bool)(Tree(root))
            return status, ET.tostring(root)
        return status, answer

    def json(self, value, name=""):
        if isinstance(value, dict):
            return {key: self.json(item, key) for key, item in value.items()}
        if isinstance(value, list):
            out = [self.json(item) for item in value]
            if name in SETS:
                self.rng.shuffle(out)
            return out
        return self.text(value) if isinstance(value, str) and value.lstrip()[:1] == "{" else value

    def text(self, text):
        """A document within an answer, written anew if it is one."""
        encoded = text.lstrip().startswith("%")
        try:
            document = json.loads(urllib.parse.unquote(text) if encoded else text)
        except ValueError:
            return text
        if isinstance(document, dict) and "Statement" in document:
            document = self.policy(document)
        written = json.dumps(self.turned(document), indent=self.rng.choice((None, 2)))
        return urllib.parse.quote(written, safe="") if encoded else written

    def turned(self, value):
        """Members in another order."""
        if isinstance(value, dict):
            keys = list(value)
            self.rng.shuffle(keys)
            return {key: self.turned(value[key]) for key in keys}
        return [self.turned(item) for item in value] if isinstance(value, list) else value

    def policy(self, document):
        found = document["Statement"]
        found = [self.statement(one) for one in (found if isinstance(found, list) else [found])]
        return {**document, "Statement": found[0] if len(found) == 1 and self.rng.random() < 0.5 else found}

    def statement(self, one):
        out = dict(one)
        for name in ("Action", "NotAction", "Resource", "NotResource"):
            if name in out:
                out[name] = self.words(out[name])
        if isinstance(out.get("Principal"), dict):
            out["Principal"] = {kind: self.words(who, kind == "AWS") for kind, who in out["Principal"].items()}
        elif out.get("Principal") == "*" and self.rng.random() < 0.5:
            out["Principal"] = {"AWS": "*"}
        if "Condition" in out:
            out["Condition"] = {test: {key: self.words(value) for key, value in of.items()}
                                for test, of in out["Condition"].items()}
        return out

    def words(self, value, accounts=False):
        found = list(value) if isinstance(value, list) else [value]
        self.rng.shuffle(found)
        if accounts:
            found = [ROOT_ARN.sub(r"\1", one) if self.rng.random() < 0.5 else one for one in found]
        return found[0] if len(found) == 1 and self.rng.random() < 0.5 else found


# ---- defaults


class Tree:
    """An XML answer: every element of a name, without its namespace."""

    def __init__(self, root):
        self.root = root
        self.space = root.tag.rsplit("}", 1)[0] + "}" if root.tag.startswith("{") else ""

    def all(self, name, under=None):
        return [e for e in (self.root if under is None else under).iter() if e.tag == self.space + name]

    def items(self, name, under=None):
        """The members of each list of a name."""
        return [item for found in self.all(name, under) for item in found]

    def add(self, parent, values):
        """Members where they are missing."""
        for name, value in values.items():
            own = parent.find(self.space + name)
            if own is None:
                own = ET.SubElement(parent, self.space + name)
            elif not isinstance(value, (dict, list)):
                continue
            if isinstance(value, dict):
                self.add(own, value)
            elif isinstance(value, list):
                for item in value:
                    self.add(ET.SubElement(own, self.space + "member"), item)
            else:
                own.text = value

    def put(self, parent, name, text):
        own = parent.find(self.space + name)
        if own is not None:
            own.text = text


def fill(into, defaults):
    for key, value in defaults.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            fill(into[key], value)
        else:
            into.setdefault(key, value)


def task_definition(answer):
    of = answer["taskDefinition"]
    for one in of["containerDefinitions"]:
        fill(one, {"cpu": 0, "mountPoints": [], "volumesFrom": [], "systemControls": [], "environment": [],
                   "portMappings": []})
        if one.get("healthCheck"):
            fill(one["healthCheck"], {"interval": 30, "timeout": 5, "retries": 3})
        if one.get("logConfiguration"):
            fill(one["logConfiguration"], {"options": {}, "secretOptions": []})
        for port in one["portMappings"]:
            fill(port, {"hostPort": port["containerPort"], "protocol": "tcp"})
    fill(of, {"volumes": [], "placementConstraints": [], "enableFaultInjection": False})
    of["compatibilities"] = ["EC2", "FARGATE", "MANAGED_INSTANCES"]


def services(answer):
    for one in answer["services"]:
        fill(one, {"platformVersion": "LATEST", "platformFamily": "Linux", "placementConstraints": [],
                   "placementStrategy": [], "enableECSManagedTags": False, "enableExecuteCommand": False,
                   "deploymentController": {"type": "ECS"}, "propagateTags": "NONE",
                   "availabilityZoneRebalancing": "ENABLED", "roleArn":
                   "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
                   "deploymentConfiguration": {"strategy": "ROLLING", "bakeTimeInMinutes": 0, "alarms":
                                               {"alarmNames": [], "rollback": False, "enable": False}}})


def scaling_policies(answer):
    for one in answer["ScalingPolicies"]:
        fill(one, {"TargetTrackingScalingPolicyConfiguration": {"DisableScaleIn": False}})


def scalable_targets(answer):
    for one in answer["ScalableTargets"]:
        fill(one, {"RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/ecs.application-autoscaling."
                              "amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
                   "SuspendedState": {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False,
                                      "ScheduledScalingSuspended": False}})


def delivery_stream(answer):
    for one in answer["DeliveryStreamDescription"]["Destinations"]:
        of = one.get("ElasticsearchDestinationDescription")
        if not of:
            continue
        fill(of, {"TypeName": "", "DocumentIdOptions": {"DefaultDocumentIdFormat": "FIREHOSE_DEFAULT"},
                  "S3DestinationDescription": {
                      "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300}, "ErrorOutputPrefix": "",
                      "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
                      "CloudWatchLoggingOptions": {"Enabled": False}}})
        for processor in of.get("ProcessingConfiguration", {}).get("Processors", ()):
            told = {p["ParameterName"] for p in processor["Parameters"]}
            processor["Parameters"] += [
                {"ParameterName": name, "ParameterValue": value} for name, value in
                (("NumberOfRetries", "3"), ("RoleArn", of["RoleARN"]), ("BufferSizeInMBs", "1"),
                 ("BufferIntervalInSeconds", "60")) if name not in told]


def domain(of):
    fill(of, {"EBSOptions": {"Iops": 3000, "Throughput": 125}, "IPAddressType": "ipv4",
              "ClusterConfig": {"MultiAZWithStandbyEnabled": False},
              "OffPeakWindowOptions": {"Enabled": True, "OffPeakWindow": {"WindowStartTime": {"Hours": 22, "Minutes": 0}}},
              "SoftwareUpdateOptions": {"AutoSoftwareUpdateEnabled": False},
              "EncryptionAtRestOptions": {"KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/of-aws"},
              "AdvancedOptions": {"indices.query.bool.max_clause_count": "1024"},
              "AIMLOptions": {"NaturalLanguageQueryGenerationOptions": {"DesiredState": "DISABLED"}}})
    of["AutoTuneOptions"] = {"State": "ENABLED"}


def each_domain(answer):
    for one in answer.get("DomainStatusList") or [answer["DomainStatus"]]:
        domain(one)


def log_groups(answer):
    for one in answer["logGroups"]:
        fill(one, {"logGroupClass": "STANDARD", "deletionProtectionEnabled": False})


def metric_filters(answer):
    for one in answer["metricFilters"]:
        fill(one, {"applyOnTransformedLogs": False, "creationTime": 1})
        for of in one["metricTransformations"]:
            fill(of, {"unit": "None"})


def certificate(answer):
    of = answer["Certificate"]
    of["KeyAlgorithm"] = of.get("KeyAlgorithm", "RSA_2048").replace("_", "-")
    fill(of, {"Options": {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"}})


def databases(tree):
    for one in tree.items("DBInstances"):
        if tree.all("EngineVersion", one)[0].text == "16":
            tree.put(one, "EngineVersion", "16.8")
        tree.add(one, {"Iops": "3000", "StorageThroughput": "125", "MonitoringInterval": "0", "NetworkType": "IPV4",
                       "PerformanceInsightsEnabled": "false", "DatabaseInsightsMode": "standard",
                       "CustomerOwnedIpEnabled": "false", "BackupTarget": "region", "DedicatedLogVolume": "false",
                       "EngineLifecycleSupport": "open-source-rds-extended-support"})
        tree.put(one, "LicenseModel", "postgresql-license")
        tree.put(one, "CACertificateIdentifier", "rds-ca-rsa2048-g1")


def proxies(tree):
    for one in tree.items("Auth"):
        tree.add(one, {"ClientPasswordAuthType": "POSTGRES_SCRAM_SHA_256"})
    for one in tree.items("DBProxies"):
        tree.add(one, {"DefaultAuthScheme": "NONE", "EndpointNetworkType": "IPV4", "TargetConnectionNetworkType": "IPV4"})


def parameters(tree):
    for one in tree.items("Parameters"):
        tree.add(one, {"Source": "user", "IsModifiable": "true", "ApplyType": "dynamic"})


def actions(tree):
    """Of listeners and rules: AWS tells a target group twice, and numbers the actions."""
    for found in tree.items("DefaultActions") + tree.items("Actions"):
        kind, group = tree.all("Type", found)[0].text, found.find(tree.space + "TargetGroupArn")
        if kind == "forward" and group is not None:
            tree.add(found, {"ForwardConfig": {"TargetGroupStickinessConfig": {"Enabled": "false"},
                                               "TargetGroups": [{"TargetGroupArn": group.text, "Weight": "1"}]}})
        tree.add(found, {"Order": "1"})


def listeners(tree):
    actions(tree)
    for one in tree.items("Listeners"):
        if tree.all("Protocol", one)[0].text == "HTTPS":
            tree.add(one, {"MutualAuthentication": {"Mode": "off"}})


def members(name, **values):
    """Of each item of a list."""
    def put(tree):
        for one in tree.items(name):
            tree.add(one, values)
    return put


def bucket_encryption(tree):
    for one in tree.all("Rule"):
        tree.add(one, {"BucketKeyEnabled": "false"})


def bucket_lifecycle(tree):
    """A filter by prefix alone is shown in either of its spellings, and none as an empty one."""
    for one in tree.all("Rule"):
        found, prefix = one.find(tree.space + "Filter"), one.find(tree.space + "Filter/" + tree.space + "Prefix")
        if found is None or (len(found) and (prefix is None or len(found) > 1)):
            continue
        one.remove(found)
        tree.add(one, {"Prefix": (prefix.text or "") if prefix is not None else ""})


def security_groups(tree):
    """A group of our own is told with its owner's account; what has no description shows none."""
    for one in tree.items("groups"):
        tree.add(one, {"userId": "123456789012"})


def attributes(*more):
    def put(tree):
        for found in tree.all("Attributes"):
            told = {e.text for e in tree.all("Key", found)}
            for key, value in more:
                if key not in told:
                    tree.add(ET.SubElement(found, tree.space + "member"), {"Key": key, "Value": value})
    return put


def alarms(answer):
    for one in answer["MetricAlarms"]:
        fill(one, {"ActionsEnabled": True, "TreatMissingData": "missing", "InsufficientDataActions": []})


def network_acls(tree):
    """AWS shows the rule at the end that nobody wrote."""
    for entries in tree.all("entrySet"):
        if "32767" in [e.text for e in tree.all("ruleNumber", entries)]:
            continue
        for egress in ("true", "false"):
            tree.add(ET.SubElement(entries, tree.space + "item"), {
                "ruleNumber": "32767", "protocol": "-1", "ruleAction": "deny", "egress": egress,
                "cidrBlock": "0.0.0.0/0"})


def endpoints(tree):
    for one in tree.items("vpcEndpointSet"):
        tree.add(one, {"ipAddressType": "ipv4", "requesterManaged": "false", "policyDocument": json.dumps(
            {"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})})


DEFAULTS = {
    ("ecs", "DescribeTaskDefinition"): task_definition, ("ecs", "DescribeServices"): services,
    ("application-autoscaling", "DescribeScalingPolicies"): scaling_policies,
    ("application-autoscaling", "DescribeScalableTargets"): scalable_targets,
    ("firehose", "DescribeDeliveryStream"): delivery_stream,
    ("es", "DescribeDomain"): each_domain, ("es", "DescribeDomains"): each_domain,
    ("logs", "DescribeLogGroups"): log_groups, ("logs", "DescribeMetricFilters"): metric_filters,
    ("acm", "DescribeCertificate"): certificate,
    ("rds", "DescribeDBInstances"): databases, ("rds", "DescribeDBProxies"): proxies,
    ("rds", "DescribeDBParameters"): parameters,
    ("elasticloadbalancing", "DescribeTargetGroups"): members("TargetGroups", ProtocolVersion="HTTP1", IpAddressType="ipv4"),
    ("elasticloadbalancing", "DescribeLoadBalancers"): members(
        "LoadBalancers", IpAddressType="ipv4", EnablePrefixForIpv6SourceNat="off"),
    ("rds", "DescribeDBSubnetGroups"): members("DBSubnetGroups", SubnetGroupStatus="Complete"),
    ("rds", "DescribeDBProxyTargetGroups"): members("TargetGroups", IsDefault="true"),
    ("s3", "GetBucketEncryption"): bucket_encryption,
    ("s3", "GetBucketLifecycleConfiguration"): bucket_lifecycle,
    ("ec2", "DescribeSecurityGroups"): security_groups,
    ("elasticloadbalancing", "DescribeListeners"): listeners, ("elasticloadbalancing", "DescribeRules"): actions,
    ("elasticloadbalancing", "DescribeLoadBalancerAttributes"): attributes(
        ("routing.http2.enabled", "true"), ("waf.fail_open.enabled", "false"), ("client_keep_alive.seconds", "3600")),
    ("elasticloadbalancing", "DescribeTargetGroupAttributes"): attributes(
        ("slow_start.duration_seconds", "0"), ("load_balancing.algorithm.type", "round_robin")),
    ("monitoring", "DescribeAlarms"): alarms,
    ("ec2", "DescribeNetworkAcls"): network_acls, ("ec2", "DescribeVpcEndpoints"): endpoints,
}


# ---- pages


# The folder of a service's model, by its name in a signature.
FOLDERS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}


@functools.lru_cache(maxsize=None)
def pagination(service):
    try:
        return botocore.loaders.Loader().load_service_model(FOLDERS.get(service, service), "paginators-1")["pagination"]
    except botocore.exceptions.UnknownServiceError:
        return {}


class Forgotten:
    """A role was deleted and made anew: AWS shows the dead one's unique id in place of its ARN, until the policy is
    written again."""

    ID = "AROAJQABLZS4A3QDU576Q"

    def __init__(self, role, write):
        self.role, self.write = role, write  # an ARN; the operation that writes the policy
        self.is_known = False

    def __call__(self, call, status, answer):
        if call.operation == self.write:
            self.is_known = True
        if not call.is_read or self.is_known:
            return status, answer
        return status, answer.replace(self.role.encode(), self.ID.encode())


class Pages:
    """EC2 is left to the proxy's page_size; lists within a result are not cut."""

    def __init__(self, size):
        self.size = size
        self.cut = 0  # answers of which more followed

    @staticmethod
    def plan(call):
        found = pagination(call.service).get(call.operation) if call.service not in ("ec2", "s3", "es") else None
        if not found or not isinstance(found["input_token"], str) or not isinstance(found["result_key"], str):
            return None
        return found

    def before(self, call, body):
        """The emulator gives everything: the token is this side's."""
        found = self.plan(call)
        if not found:
            return body
        ours = {found["input_token"], found.get("limit_key")}
        if body.startswith(b"{"):
            return json.dumps({k: v for k, v in json.loads(body).items() if k not in ours}).encode()
        form = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
        return urllib.parse.urlencode([(k, v) for k, v in form if k not in ours]).encode()

    def __call__(self, call, status, answer):
        found = self.plan(call)
        if not found or status != 200 or not call.is_read:
            return status, answer
        offset = int(str(call.params.get(found["input_token"]) or "page-0").split("-")[-1])
        token, result = found["output_token"], found["result_key"]
        if answer.lstrip().startswith(b"{"):
            value = json.loads(answer)
            whole = value.get(result)
            if not isinstance(whole, list):
                return status, answer
            value[result] = whole[offset:offset + self.size]
            if offset + self.size < len(whole):
                value[token] = f"page-{offset + self.size}"
                if found.get("more_results"):
                    value[found["more_results"]] = True
                self.cut += 1
            return status, json.dumps(value).encode()
        tree = Tree(ET.fromstring(answer))
        lists = tree.all(result)
        if not lists:
            return status, answer
        whole = list(lists[0])
        lists[0][:] = whole[offset:offset + self.size]
        if offset + self.size < len(whole):
            parent = next(e for e in tree.root.iter() if lists[0] in list(e))
            for name, text in ((token, f"page-{offset + self.size}"), (found.get("more_results"), "true")):
                if name:
                    tree.add(parent, {name: text})
                    tree.put(parent, name, text)
            self.cut += 1
        return status, ET.tostring(tree.root)
