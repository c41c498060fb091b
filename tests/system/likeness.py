"""What AWS takes and the emulator does not, turned into what it takes, and its answers turned back.

The product speaks to AWS as AWS wants it, and knows nothing of this. It sits in the proxy, so that tests and
the demo can declare what the emulator has only under another name, or drops:

    Firehose     a delivery stream to an OpenSearch domain: the emulator has the same for Elasticsearch, and
                 does not show the network that a stream stands in
    S3           tags in CreateBucket: the emulator drops them, so they are put right after
"""
import json
import re

THEIRS, AWS = "ElasticsearchDestination", "AmazonopensearchserviceDestination"


def _renamed(text, old, new):
    return re.sub(rf'"{old}(Configuration|Description|Update)"', rf'"{new}\1"', text)


class Likeness:
    def __init__(self):
        self.networks = {}  # of delivery streams to OpenSearch, as they were made; others are not in it

    def to_emulator(self, call, body):
        """The body that the emulator gets instead."""
        if call.service != "firehose" or call.is_read:
            return body
        if call.operation == "CreateDeliveryStream":
            self.networks.pop(call.params["DeliveryStreamName"], None)
            made = call.params.get(f"{AWS}Configuration")
            if made:
                self.networks[call.params["DeliveryStreamName"]] = made.get("VpcConfiguration")
        return _renamed(body.decode(), AWS, THEIRS).encode()

    def from_emulator(self, call, answer):
        """The answer that the client gets instead."""
        is_read = call.service == "firehose" and call.operation == "DescribeDeliveryStream"
        if not is_read or call.params["DeliveryStreamName"] not in self.networks:
            return answer
        found = json.loads(_renamed(answer.decode(), THEIRS, AWS))
        network = self.networks.get(call.params["DeliveryStreamName"])
        for one in found["DeliveryStreamDescription"]["Destinations"] if network else ():
            one[f"{AWS}Description"]["VpcConfigurationDescription"] = {**network, "VpcId": "vpc-0a1b2c3d"}
        return json.dumps(found).encode()

    @staticmethod
    def afterwards(call, body):
        """(path and query, body) of a further PUT that finishes what the emulator did by half; None."""
        tags = re.search(rb"<Tags>.*</Tags>", body, re.S)
        if call.name != "s3:CreateBucket" or not tags:
            return None
        inner = tags.group()[len(b"<Tags>"):-len(b"</Tags>")]
        return f"{call.params['path']}?tagging", b"<Tagging><TagSet>" + inner + b"</TagSet></Tagging>"
