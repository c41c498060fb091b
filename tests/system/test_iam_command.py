"""`holdfast iam` tells what the daemon's credentials need: all that it calls, coming up and at rest."""
import json
import subprocess

from daemon import BUILD, ROOT
from multi_tier import text

PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
# Actions of S3 that are not called as their operation, by the Service Authorization Reference.
OF_S3 = {"ListBuckets": "ListAllMyBuckets", "GetBucketEncryption": "GetEncryptionConfiguration",
         "PutBucketEncryption": "PutEncryptionConfiguration", "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
         "PutPublicAccessBlock": "PutBucketPublicAccessBlock", "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
         "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration"}


def action(call):
    service, operation = call.split(":", 1)
    if service == "s3":
        operation = OF_S3.get(operation, operation)
    return f"{PREFIXES.get(service, service)}:{operation}"


def run(*arguments):
    return subprocess.run([str(BUILD / "holdfast"), *arguments], capture_output=True, text=True, timeout=60)


def policy_of(*arguments):
    done = run("iam", *arguments)
    assert done.returncode == 0, done.stderr
    return {one["Sid"]: one for one in json.loads(done.stdout)["Statement"]}


def called(proxy):
    """GetCallerIdentity is allowed to everybody."""
    return {action(call) for call in proxy.counts()} - {"sts:GetCallerIdentity"}


def test_all_that_is_called_for_the_example_is_allowed(held, proxy):
    policy = policy_of(str(ROOT / "config/examples/multi-tier.yaml"))
    looks, changes = (set(policy[sid]["Action"]) for sid in ("HoldfastLooks", "HoldfastChanges"))
    daemon = held(text())
    assert called(proxy) <= looks | changes, called(proxy) - looks - changes
    proxy.clear_calls()
    daemon.sync()
    assert proxy.counts() and called(proxy) <= looks, called(proxy) - looks
    assert policy["HoldfastPassesRoles"]["Resource"] == "arn:aws:iam::123456789012:role/*"


def test_an_inline_policy_of_a_role_has_room_for_all_kinds():
    done = run("iam")
    assert len(json.dumps(json.loads(done.stdout), separators=(",", ":"))) <= 10240


def test_a_bad_file_is_told_and_no_policy_printed(tmp_path):
    (tmp_path / "bad.yaml").write_text("stack: shop\nregion: eu-west-1\nnetwork:\n  vpc: {main: {cidr: 10.0.0.0/16}}\n")
    done = run("iam", str(tmp_path / "bad.yaml"))
    assert done.returncode == 1 and done.stdout == ""
    assert "unknown field 'cidr'" in done.stderr and "is not valid" in done.stderr
