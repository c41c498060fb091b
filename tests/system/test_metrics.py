"""/metrics as Prometheus reads it, and what stands on it: the dashboard and the alert rules."""
import json
import math
import pathlib
import re

import pytest
import yaml

import network
from daemon import Daemon
from proxy import Proxy

MONITORING = pathlib.Path(__file__).resolve().parents[2] / "packaging/monitoring"
NAME = re.compile(r"holdfast_[a-z_]+")
LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def parse(text):
    """{name: (type, help, [(sample name, labels, value)])}, strictly: a family stands in one place."""
    assert text.endswith("\n")
    families, current = {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            assert name not in families, f"{name} stands in two places"
            assert words.endswith(".") and len(words) > 10
            current = families[name] = [None, words, []]
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert families[name] is current and current[0] is None
            assert kind in ("counter", "gauge", "histogram")
            current[0] = kind
        else:
            sample, labels, value = LINE.match(line).groups()
            read = LABEL.findall(labels or "")
            assert "".join(f'{k}="{v}",' for k, v in read).rstrip(",") == (labels or ""), line
            owner = re.sub("_(bucket|sum|count)$", "", sample) if current[0] == "histogram" else sample
            assert families[owner] is current, line
            assert not math.isnan(float(value))
            current[2].append((sample, dict(read), float(value)))
    return families


@pytest.fixture(scope="module")
def served(emulator_process):
    emulator_process.reset()
    proxy = Proxy(emulator_process.port)
    daemon = Daemon(proxy.url, network.dump(network.small()))
    try:
        daemon.start()
        daemon.wait_synced()
        yield daemon
    finally:
        daemon.close()
        proxy.close()


def families_of(daemon):
    status, text = daemon.request("GET", "/metrics")
    assert status == 200
    return parse(text)


def value_of(families, sample, **labels):
    for _, _, samples in families.values():
        for name, own, value in samples:
            if name == sample and all(own.get(k) == v for k, v in labels.items()):
                return value
    raise AssertionError(f"no {sample} {labels}")


def test_the_text_is_what_prometheus_reads_and_names_keep_its_conventions(served):
    families = families_of(served)
    for name, (kind, words, samples) in families.items():
        assert kind and samples or name.startswith("holdfast_aws_"), name
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search("_(milliseconds|ms|percent|minutes)(_|$)", name), name
        keys = [(sample, tuple(sorted(labels.items()))) for sample, labels, _ in samples]
        assert len(set(keys)) == len(keys), f"{name}: the same sample twice"


def test_histograms_add_up(served):
    seen = 0
    for name, (kind, _, samples) in families_of(served).items():
        if kind != "histogram":
            continue
        series = {}
        for sample, labels, value in samples:
            bound = labels.pop("le", None)
            series.setdefault(tuple(sorted(labels.items())), {})[bound or sample] = value
        for one in series.values():
            buckets = [v for k, v in sorted(((float(k), v) for k, v in one.items() if not k.startswith("holdfast")))]
            assert buckets == sorted(buckets) and buckets[-1] == one[f"{name}_count"] and f"{name}_sum" in one
            seen += 1
    assert seen >= 11, "two a layer, and the loop's"


def test_what_is_told_is_so(served, emulator_process):
    families = families_of(served)
    count = len(served.resources())
    layers = {labels["layer"] for _, labels, _ in families["holdfast_resources"][2]}
    assert {"network", "compute", "data", "security", "monitoring"} <= layers
    assert sum(value for _, _, value in families["holdfast_synced"][2]) == count
    assert value_of(families, "holdfast_leader", stack="shop") == 1
    assert value_of(families, "holdfast_standby", stack="shop") == 0
    assert value_of(families, "holdfast_config_valid", stack="shop") == 1
    assert value_of(families, "holdfast_store_ready") == 1
    assert value_of(families, "holdfast_build_info") == 1
    assert value_of(families, "holdfast_aws_requests_total", service="ec2") > 5
    assert 0 < value_of(families, "holdfast_aws_budget_ratio", service="ec2", sort="read") <= 1
    assert value_of(families, "holdfast_pass_seconds_count", layer="network") >= 1
    assert value_of(families, "holdfast_loop_lag_seconds_count") > 10


def test_a_correction_is_counted_with_its_time(served, emulator_process):
    before = value_of(families_of(served), "holdfast_correction_seconds_count", layer="network")
    vpc = served.ids()["network.vpc.main"]
    emulator_process.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    served.sync("network")
    served.wait_synced()
    served.sync("network")
    after = families_of(served)
    assert value_of(after, "holdfast_correction_seconds_count", layer="network") == before + 1
    assert 0 <= value_of(after, "holdfast_correction_seconds_sum", layer="network") < 60
    assert value_of(after, "holdfast_drifted", layer="network") == 0


def test_a_pause_and_a_difference_show(served, emulator_process):
    served.post("/v1/pause", {"target": "network", "reason": "test"})
    vpc = served.ids()["network.vpc.main"]
    ec2 = emulator_process.client("ec2")
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    served.sync("network")
    families = families_of(served)
    assert value_of(families, "holdfast_paused", layer="network") == 1
    assert value_of(families, "holdfast_drifted", layer="network") == 1
    assert value_of(families, "holdfast_differences", layer="network", type="changed") == 1
    served.post("/v1/resume", {"target": "network"})
    served.sync("network")
    served.wait_synced()


def exported(daemon):
    names = set()
    for name, (kind, _, _) in families_of(daemon).items():
        names |= {f"{name}_{end}" for end in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names


def test_the_manual_page_names_every_metric(served):
    page = (MONITORING.parent / "man/holdfastd.8").read_text().split(".SH METRICS")[1].split(".SH ")[0]
    told = set(re.findall(r"(?:holdfast)?(_[a-z_]+)", page))
    lacking = [name for name in families_of(served) if not {name.removeprefix("holdfast"),
                                                            name.removeprefix("holdfast_aws")} & told]
    assert not lacking


def test_the_alert_rules_name_metrics_that_exist(served):
    names = exported(served)
    groups = yaml.safe_load((MONITORING / "holdfast-alerts.yaml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 10
    for rule in rules:
        used = set(NAME.findall(rule["expr"]))
        assert used <= names, f"{rule['alert']}: {used - names}"
        assert used or "up{" in rule["expr"]
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"]
        # Who is called at night is told what to do: where to look, or the command.
        assert "`" in rule["annotations"]["description"] or "Look at" in rule["annotations"]["description"], rule
    told = " ".join(rule["annotations"]["description"] for rule in rules)
    known = served.holdfast("help", check=0).stdout
    for command in set(re.findall(r"`holdfast ([a-z]+)", told)):
        assert f"\n  {command} " in known, command


def test_the_dashboard_names_metrics_that_exist(served):
    text = (MONITORING / "holdfast-dashboard.json").read_text()
    dashboard = json.loads(text)
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [note["expr"] for note in dashboard["annotations"]["list"]]
    expressions += [v["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    used = set(NAME.findall(" ".join(expressions)))
    assert used <= exported(served), used - exported(served)
    assert len(used) > 20
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
