"""The proxy that the other tests stand on does to AWS's answers what they rely on."""
import socket

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from emulator import KEYS, REGION


@pytest.fixture
def through(proxy):
    return boto3.client(
        "ec2", region_name=REGION, endpoint_url=proxy.url,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"], aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, proxies={}))


def test_calls_are_counted_by_service_and_operation(proxy, through):
    through.create_vpc(CidrBlock="10.0.0.0/16")
    through.describe_vpcs()
    through.describe_vpcs()
    assert proxy.counts() == {"ec2:CreateVpc": 1, "ec2:DescribeVpcs": 2}
    assert [call.operation for call in proxy.mutations()] == ["CreateVpc"]
    assert proxy.mutations()[0].params["CidrBlock"] == "10.0.0.0/16"


def test_pages_hold_everything_once(proxy, through, ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = {ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24")["Subnet"]["SubnetId"] for i in range(7)}
    proxy.page_size = 3
    pages = list(through.get_paginator("describe_subnets").paginate(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}]))
    assert [len(page["Subnets"]) for page in pages] == [3, 3, 1]
    assert {s["SubnetId"] for page in pages for s in page["Subnets"]} == made


def test_lists_come_in_another_order(proxy, through):
    proxy.reorder = True
    orders = {tuple(s["SubnetId"] for s in through.describe_subnets()["Subnets"]) for _ in range(5)}
    assert len(orders) > 1
    assert len({frozenset(order) for order in orders}) == 1


def test_unknown_members_are_in_the_answer(proxy, through):
    proxy.unknown = True
    assert through.describe_vpcs()["Vpcs"][0]["CidrBlock"] == "172.31.0.0/16"


def test_throttling_is_ec2s_own(proxy, through):
    proxy.fail("throttle", "Describe*", times=1)
    with pytest.raises(ClientError) as caught:
        through.describe_vpcs()
    assert caught.value.response["Error"]["Code"] == "RequestLimitExceeded"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert through.describe_vpcs()["Vpcs"]


@pytest.mark.parametrize("kind, executed", [("refuse", 0), ("lose", 1), ("lose_fin", 1), ("truncate", 1)])
def test_lost_answers_are_lost_after_or_before_execution(proxy, through, ec2, kind, executed):
    before = len(ec2.describe_vpcs()["Vpcs"])
    proxy.fail(kind, "CreateVpc", times=1)
    with pytest.raises((HTTPClientError, ClientError)):
        through.create_vpc(CidrBlock="10.0.0.0/16")
    assert len(ec2.describe_vpcs()["Vpcs"]) == before + executed
    assert proxy.seen("CreateVpc")[0].executed is bool(executed)


def test_a_request_without_its_body_is_no_call(proxy, through, ec2):
    """As AWS has it; the daemon takes a change back like this when its lease ended between the two."""
    before = len(ec2.describe_vpcs()["Vpcs"])
    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16"
    for sent in (b"", body[:20]):
        with socket.create_connection(("127.0.0.1", int(proxy.url.rsplit(":", 1)[1])), timeout=10) as half:
            half.sendall(b"POST / HTTP/1.1\r\nHost: ec2.eu-west-1.amazonaws.com\r\n"
                         b"Content-Type: application/x-www-form-urlencoded\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), sent))
            half.shutdown(socket.SHUT_WR)
            assert half.recv(100) == b""
    assert proxy.seen() == []
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_every_answer_waits_for_the_delay(proxy, through):
    proxy.delay = 0.06
    through.describe_vpcs()
    first, = proxy.seen()
    import time
    assert time.monotonic() - first.at >= 0.06
