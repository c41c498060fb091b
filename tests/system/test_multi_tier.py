"""The whole example: comes up without a failed call, stays quiet whatever the spelling, and goes without a trace."""
import json
import shutil

import pytest
import yaml

import as_aws
from multi_tier import Account, text, without_resources
from spelling import Forgotten, Pages, Spelling

PASSES = 10


def quiet(stack=None):
    """The example with passes only when a test asks for them."""
    tree = yaml.safe_load(stack or text())
    tree["policy"]["interval"] = "1h"
    return yaml.safe_dump(tree, sort_keys=False)


@pytest.fixture
def shop(held, proxy):
    proxy.behaviours = [as_aws.kms_key_arns()]
    return held(quiet())


def written(proxy):
    return [str(call)[:300] for call in proxy.mutations()]


def test_it_comes_up_from_nothing_without_a_failed_call_and_stays_quiet(shop, proxy):
    assert [str(call)[:300] for call in proxy.mutations() if call.status != 200] == []
    proxy.clear_calls()
    for _ in range(PASSES):
        shop.sync()
    assert written(proxy) == []
    assert {r["sync"] for r in shop.status()["resources"]} == {"Synced"}


def test_spelling_order_pages_and_defaults_are_no_difference(shop, proxy):
    pages = Pages(2)
    proxy.clear_calls()
    proxy.reorder = proxy.unknown = True
    proxy.page_size = 5
    for seed in range(PASSES):
        proxy.behaviours[1:] = [pages, Spelling(seed)]
        shop.sync()
        assert written(proxy) == [], f"pass {seed}"
    assert pages.cut > 5 * PASSES, "hardly anything came in pages"


def test_a_principal_that_aws_forgot_is_written_once_more(shop, proxy):
    """What AWS shows then grants nothing to the new role, though its ARN is the old one's."""
    role = "arn:aws:iam::123456789012:role/shop-firehose"
    proxy.clear_calls()
    forgotten = Forgotten(role, "UpdateDomainConfig")
    proxy.behaviours[1:] = [lambda call, *rest: forgotten(call, *rest) if call.service == "es" else rest]
    for _ in range(3):
        shop.sync()
    assert [call.operation for call in proxy.mutations()] == ["UpdateDomainConfig"]
    drift, = [entry for entry in shop.history(limit=200) if entry["what"] == "drift"]
    assert drift["address"] == "monitoring.opensearch_domain.logs"
    assert Forgotten.ID in json.dumps(drift["detail"]["observed"])
    assert role in json.dumps(drift["detail"]["desired"])
    assert {r["sync"] for r in shop.status()["resources"]} == {"Synced"}


@pytest.mark.parametrize("record", ["kept", "lost"])
def test_a_second_start_writes_nothing_whatever_the_spelling(shop, proxy, record):
    ids = shop.ids()
    assert shop.stop() == 0
    if record == "lost":
        shutil.rmtree(shop.state)
    proxy.clear_calls()
    proxy.behaviours[1:] = [Pages(3), Spelling(7)]
    shop.start()
    shop.wait_synced()
    shop.sync()
    assert written(proxy) == []
    assert shop.ids() == ids


def test_it_goes_in_reverse_once_approved_and_leaves_nothing(shop, proxy, emulator):
    proxy.clear_calls()
    shop.write(quiet(without_resources()))
    shop.reload()
    shop.sync()
    assert written(proxy) == [], "deleted without approval"
    for address, row in shop.resources().items():
        assert row["sync"] == "Orphaned", address
        shop.post("/v1/approve", {"target": address})
    shop.wait_status(lambda status: not status["resources"], "everything to be gone")
    tried = [call.operation for call in proxy.mutations()]
    assert max(tried.count(name) for name in set(tried)) < 30, "tried without end"
    assert tried.index("DeleteService") < tried.index("DeleteCluster")
    assert tried.index("DeleteDBInstance") < tried.index("DeleteDBSubnetGroup")
    assert tried[-1] == "DeleteVpc"
    assert Account(emulator).remains() == []
    assert {key["KeyState"] for key in keys(emulator)} <= {"PendingDeletion"}
    proxy.clear_calls()
    shop.sync()
    assert written(proxy) == []


def keys(emulator):
    """The keys of the stack, which wait for the end of their window."""
    kms = emulator.client("kms")
    found = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return [key for key in found if key["KeyManager"] == "CUSTOMER" and "shop" in key["Description"]]
