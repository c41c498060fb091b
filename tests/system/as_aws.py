"""What AWS does to some answers and the emulator does not, for the proxy in front of it.

Each is a maker of a function (call, status, answer) -> (status, answer), named in a scenario's `as_aws`. Everything
here is AWS's documented behaviour; what it stands in for is said beside it.
"""
import datetime
import json
import xml.etree.ElementTree as ET

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def _is(call, service, operation):
    return call.service == service and call.operation == operation


def acm_serial():
    """DescribeCertificate writes the serial number as bytes in hex; the emulator as a decimal number."""
    def behave(call, status, answer):
        if status != 200 or not _is(call, "acm", "DescribeCertificate"):
            return status, answer
        found = json.loads(answer)
        serial = found["Certificate"].get("Serial", "")
        if serial.isdigit():
            number = int(serial)
            text = number.to_bytes((number.bit_length() + 7) // 8, "big").hex(":")
            found["Certificate"]["Serial"] = text
        return status, json.dumps(found).encode()
    return behave


def acm_words():
    """DescribeCertificate says RSA-2048 where the request says RSA_2048, and names the domain first."""
    def behave(call, status, answer):
        if status != 200 or not _is(call, "acm", "DescribeCertificate"):
            return status, answer
        found = json.loads(answer)
        of = found["Certificate"]
        of["KeyAlgorithm"] = of.get("KeyAlgorithm", "RSA_2048").replace("_", "-")
        return status, json.dumps(found).encode()
    return behave


def acm_options():
    """UpdateCertificateOptions, which the emulator answers with 500."""
    options = {}

    def behave(call, status, answer):
        if _is(call, "acm", "UpdateCertificateOptions"):
            options[call.params["CertificateArn"]] = call.params["Options"]
            return 200, b"{}"
        arn = call.params.get("CertificateArn")
        if status == 200 and _is(call, "acm", "DescribeCertificate") and arn in options:
            found = json.loads(answer)
            found["Certificate"].setdefault("Options", {}).update(options[arn])
            return status, json.dumps(found).encode()
        return status, answer
    return behave


def endpoint_private_dns():
    """ModifyVpcEndpoint with PrivateDnsEnabled, which the emulator takes and forgets."""
    changed = {}

    def behave(call, status, answer):
        if status != 200 or call.service != "ec2":
            return status, answer
        if call.operation == "ModifyVpcEndpoint" and "PrivateDnsEnabled" in call.params:
            changed[call.params["VpcEndpointId"]] = call.params["PrivateDnsEnabled"]
        if call.operation == "DescribeVpcEndpoints" and changed:
            root = ET.fromstring(answer)
            for element in list(root.iter()):
                members = {one.tag.rsplit("}", 1)[-1]: one for one in element}
                name = members.get("vpcEndpointId")
                if name is not None and name.text in changed and "privateDnsEnabled" in members:
                    members["privateDnsEnabled"].text = changed[name.text]
            return status, ET.tostring(root)
        return status, answer
    return behave


def endpoint_routes(ec2):
    """A gateway endpoint's routes come and go with its route tables. The emulator makes them with the endpoint, leaves
    them at ModifyVpcEndpoint, and then refuses to delete one with a table that was added. `ec2` is a client of its own."""
    def behave(call, status, answer):
        if status != 200 or not _is(call, "ec2", "ModifyVpcEndpoint"):
            return status, answer
        of, = ec2.describe_vpc_endpoints(VpcEndpointIds=[call.params["VpcEndpointId"]])["VpcEndpoints"]
        lists = ec2.describe_managed_prefix_lists()["PrefixLists"]
        to = next((one["PrefixListId"] for one in lists if one["PrefixListName"] == of["ServiceName"]), None)
        for name, table in call.params.items():
            if name.startswith("AddRouteTableId."):
                ec2.create_route(RouteTableId=table, DestinationPrefixListId=to, GatewayId=of["VpcEndpointId"])
            elif name.startswith("RemoveRouteTableId."):
                ec2.delete_route(RouteTableId=table, DestinationPrefixListId=to)
        return status, answer
    return behave


def plain_listeners():
    """A listener that becomes HTTP loses its certificate and security policy; the emulator keeps them."""
    def behave(call, status, answer):
        if status != 200 or not _is(call, "elasticloadbalancing", "DescribeListeners"):
            return status, answer
        root = ET.fromstring(answer)
        for element in list(root.iter()):
            members = {one.tag.rsplit("}", 1)[-1]: one for one in element}
            if "Protocol" in members and members["Protocol"].text == "HTTP" and "ListenerArn" in members:
                for name in {"Certificates", "SslPolicy"} & set(members):
                    element.remove(members[name])
        return status, ET.tostring(root)
    return behave


def kms_key_arns():
    """Every call takes a key's ARN; the emulator fails with 500 on some of them."""
    def behave(call, status, answer):
        return status, answer

    def before(call, body):
        if call.service != "kms" or not str(call.params.get("KeyId", "")).startswith("arn:"):
            return body
        return json.dumps({**call.params, "KeyId": call.params["KeyId"].rsplit("/", 1)[-1]}).encode()
    behave.before = before
    return behave


def kms_rotation_period():
    """GetKeyRotationStatus shows the period; the emulator forgets it."""
    periods = {}

    def behave(call, status, answer):
        key = str(call.params.get("KeyId", "")).rsplit("/", 1)[-1]
        if status != 200 or call.service != "kms":
            return status, answer
        if call.operation == "EnableKeyRotation":
            periods[key] = call.params.get("RotationPeriodInDays", periods.get(key, 365))
        elif call.operation == "DisableKeyRotation":
            periods.pop(key, None)
        elif call.operation == "GetKeyRotationStatus" and key in periods:
            found = json.loads(answer)
            found["RotationPeriodInDays"] = periods[key]
            return status, json.dumps(found).encode()
        return status, answer
    return behave


def tagged_resources(emulator):
    """GetResources knows all types of resources and counts them to a page; the emulator knows some, and counts tags."""
    def of(arn, tags):
        return {"ResourceARN": arn, "Tags": tags}

    def unknown():
        rds, search, elb = (emulator.client(name) for name in ("rds", "opensearch", "elbv2"))
        for arn in [one["DBParameterGroupArn"] for one in rds.describe_db_parameter_groups()["DBParameterGroups"]] + [
                one["DBSubnetGroupArn"] for one in rds.describe_db_subnet_groups()["DBSubnetGroups"]]:
            yield of(arn, rds.list_tags_for_resource(ResourceName=arn)["TagList"])
        for one in search.list_domain_names()["DomainNames"]:
            arn = search.describe_domain(DomainName=one["DomainName"])["DomainStatus"]["ARN"]
            yield of(arn, search.list_tags(ARN=arn)["TagList"])
        for one in elb.describe_load_balancers()["LoadBalancers"]:
            for listener in elb.describe_listeners(LoadBalancerArn=one["LoadBalancerArn"])["Listeners"]:
                arn = listener["ListenerArn"]
                yield of(arn, elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])

    def behave(call, status, answer):
        if status != 200 or not _is(call, "tagging", "GetResources"):
            return status, answer
        ours, = call.params["TagFilters"]
        tag = {"Key": ours["Key"], "Value": ours["Values"][0]}
        paginator = emulator.client("resourcegroupstaggingapi").get_paginator("get_resources")
        rows = paginator.paginate(TagFilters=[ours], ResourceTypeFilters=call.params["ResourceTypeFilters"])
        rows = rows.build_full_result()["ResourceTagMappingList"] + [one for one in unknown() if tag in one["Tags"]]
        begin, most = int(call.params.get("PaginationToken") or 0), call.params["ResourcesPerPage"]
        more = str(begin + most) if begin + most < len(rows) else ""
        return 200, json.dumps({"ResourceTagMappingList": rows[begin:begin + most], "PaginationToken": more}).encode()

    def before(call, body):
        if not _is(call, "tagging", "GetResources"):
            return body
        return json.dumps({name: value for name, value in call.params.items() if name != "PaginationToken"}).encode()
    behave.before = before
    return behave


def certificate(domain):
    """(certificate, key) of a domain, both PEM, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=90)).sign(key, hashes.SHA256()))
    return (made.public_bytes(serialization.Encoding.PEM).decode(),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()).decode())
