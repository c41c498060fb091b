"""Writes vectors/sigv4.json: random requests with the signatures that botocore gives them.

Run by hand when the cases should change: python3 tests/unit/aws/gen_sigv4.py
"""
import datetime
import hashlib
import json
import pathlib
import random
import urllib.parse

import botocore
import botocore.auth
import botocore.awsrequest
import botocore.credentials

rng = random.Random(20150830)
PIECES = ["a", "B", "9", "-", "_", ".", "~", " ", "/", "+", "=", "&", "%", ":", "*", "é", "ሴ", "😀", "'", "(", "!", "@", "$"]


def text(most):
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, most)))


def quote(s):
    return urllib.parse.quote(s, safe="-_.~")


def path():
    segments = []
    for _ in range(rng.randint(0, 5)):
        segments.append(rng.choice(["", ".", "..", quote(text(6)), quote(text(6)), "vpc"]))
    return "/" + "/".join(segments)


def case(index):
    is_s3 = rng.random() < 0.3
    pairs = [(quote(text(4)), quote(text(5))) for _ in range(rng.choice([0, 0, 1, 2, 3, 8]))]
    if pairs and rng.random() < 0.5:
        pairs.append((pairs[0][0], quote(text(5))))
    query = "&".join(n if n and not v and rng.random() < 0.5 else f"{n}={v}" for n, v in pairs)
    headers = {"Host": "example.amazonaws.com"}
    for i in range(rng.randint(0, 4)):
        headers[rng.choice(["X-Amz-Target", "content-type", "X-Foo-%d" % i, "User-Agent", "My-Header"])] = (
            "  ".join(rng.choice(["a", "b c", "\t", "é", '"x   y"', "1,2", ""]) for _ in range(rng.randint(0, 4))))
    body = text(40)
    return {
        "is_s3": is_s3, "method": rng.choice(["GET", "POST", "PUT", "DELETE"]),
        "path": path(), "query": query, "headers": headers, "body": body,
        "access_key_id": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "token": rng.choice([None, "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////" + str(index)]),
        "region": rng.choice(["us-east-1", "eu-west-1", "cn-north-1"]),
        "service": "s3" if is_s3 else rng.choice(["ec2", "iam", "service"]),
        "wall_ms": rng.randint(1400000000, 2200000000) * 1000,
    }


def sign(c):
    when = datetime.datetime.fromtimestamp(c["wall_ms"] // 1000, datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *a, **k: when
    url = "https://example.amazonaws.com" + c["path"] + ("?" + c["query"] if c["query"] else "")
    request = botocore.awsrequest.AWSRequest(method=c["method"], url=url, data=c["body"].encode())
    for name, value in c["headers"].items():
        request.headers[name] = value
    request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(c["body"].encode()).hexdigest()
    keys = botocore.credentials.Credentials(c["access_key_id"], c["secret"], c["token"])
    kind = botocore.auth.S3SigV4Auth if c["is_s3"] else botocore.auth.SigV4Auth
    signer = kind(keys, c["service"], c["region"])
    signer._should_sha256_sign_payload = lambda r: True
    signer.add_auth(request)
    c["authorization"] = request.headers["Authorization"]
    return c


cases = [sign(case(i)) for i in range(200)]
out = pathlib.Path(__file__).parent / "vectors" / "sigv4.json"
with out.open("w") as stream:
    stream.write('{"source": "botocore %s, by gen_sigv4.py", "cases": [\n' % botocore.__version__)
    stream.write(",\n".join(json.dumps(c, ensure_ascii=True, sort_keys=True) for c in cases))
    stream.write("\n]}\n")
