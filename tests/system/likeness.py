"""What AWS takes and the emulator does not, turned into what it takes, and its answers turned back.

The product speaks to AWS as AWS wants it, and knows nothing of this. It sits in the proxy, so that tests and
the demo can declare what the emulator has only under another name:

    Firehose     a delivery stream to an OpenSearch domain: the emulator has the same for Elasticsearch
    S3           tags in CreateBucket: the emulator drops them, so they are put right after
"""
import json
import re

# The emulator's member, and AWS's.
FIREHOSE = [("ElasticsearchDestination", "AmazonopensearchserviceDestination")]


def _renamed(text, pairs):
    for old, new in pairs:
        text = re.sub(rf'"{old}(Configuration|Description|Update)"', rf'"{new}\1"', text)
    return text


def to_emulator(call, body):
    """The body that the emulator gets instead."""
    if call.service != "firehose" or call.is_read:
        return body
    return _renamed(body.decode(), [(new, old) for old, new in FIREHOSE]).encode()


def _as_described(value):
    """The emulator shows a VPC configuration under the name that only CreateDeliveryStream has."""
    if isinstance(value, list):
        return [_as_described(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {"VpcConfigurationDescription" if key == "VpcConfiguration" else key: _as_described(item)
            for key, item in value.items()}


def from_emulator(call, answer):
    """The answer that the client gets instead."""
    if call.service != "firehose" or call.operation != "DescribeDeliveryStream":
        return answer
    return json.dumps(_as_described(json.loads(_renamed(answer.decode(), FIREHOSE)))).encode()


def afterwards(call, body):
    """(path and query, body) of a further PUT that finishes what the emulator did by half; None."""
    tags = re.search(rb"<Tags>.*</Tags>", body, re.S)
    if call.name != "s3:CreateBucket" or not tags:
        return None
    inner = tags.group()[len(b"<Tags>"):-len(b"</Tags>")]
    return f"{call.params['path']}?tagging", b"<Tagging><TagSet>" + inner + b"</TagSet></Tagging>"
