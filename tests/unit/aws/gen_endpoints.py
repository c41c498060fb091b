"""Writes vectors/endpoints.tsv: what botocore's endpoint rules answer, for every partition.

Run by hand when botocore's rules should be compared anew: python3 tests/unit/aws/gen_endpoints.py
Columns: endpoint prefix, is global, region, FIPS, dual-stack, URL or "error", signing region.
"""
import pathlib

import botocore
import botocore.endpoint_provider
import botocore.loaders

SERVICES = """acm application-autoscaling autoscaling backup cloudfront cloudtrail cloudwatch config
dynamodb ec2 ecr ecs elasticache elbv2 events firehose iam kms lambda logs opensearch organizations rds
resourcegroupstaggingapi route53 s3 secretsmanager sns sqs ssm sts wafv2""".split()

loader = botocore.loaders.Loader()
partitions = loader.load_data("partitions")
legacy = loader.load_data("endpoints")
rows = []


def is_global(prefix):
    aws = next(p for p in legacy["partitions"] if p["partition"] == "aws")
    return aws["services"].get(prefix, {}).get("isRegionalized") is False


for name in SERVICES:
    rules = loader.load_service_model(name, "endpoint-rule-set-1")
    prefix = loader.load_service_model(name, "service-2")["metadata"]["endpointPrefix"]
    provider = botocore.endpoint_provider.EndpointProvider(rules, partitions)
    for partition in partitions["partitions"]:
        regions = sorted(r for r in partition["regions"] if "global" not in r)
        if name == "cloudfront" and partition["id"] not in ("aws", "aws-cn"):
            continue  # the service is not there; the rules make a name up
        for region in regions[:1] + regions[-1:] if len(regions) > 2 else regions:
            for fips in (False, True):
                for dual in (False, True):
                    asked = {"Region": region, "UseFIPS": fips, "UseDualStack": dual, "UseGlobalEndpoint": False}
                    asked = {k: v for k, v in asked.items() if k in rules["parameters"]}
                    try:
                        found = provider.resolve_endpoint(**asked)
                        scheme = (found.properties.get("authSchemes") or [{}])[0]
                        answer = found.url, scheme.get("signingRegion", region)
                    except botocore.exceptions.EndpointProviderError:
                        answer = "error", "-"
                    rows.append((prefix, int(is_global(prefix)), region, int(fips), int(dual), *answer))

out = pathlib.Path(__file__).parent / "vectors" / "endpoints.tsv"
with out.open("w") as stream:
    stream.write("# botocore %s\n" % botocore.__version__)
    for row in rows:
        stream.write("\t".join(map(str, row)) + "\n")
