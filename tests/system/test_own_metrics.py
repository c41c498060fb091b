"""The daemon's own metrics in CloudWatch: only when asked for, and never in the way."""
import network
from daemon import wait_until

ASKED = ["--metrics-namespace", "Holdfast/Test"]


def published(proxy):
    return proxy.seen("PutMetricData")


def test_nothing_is_published_unless_asked_for(held, proxy):
    daemon = held(network.dump(network.small()))
    daemon.sync()
    assert not published(proxy)
    assert proxy.counts()["monitoring:PutMetricData"] == 0


def test_passes_are_published_by_stack_and_layer(make_daemon, proxy, emulator):
    daemon = make_daemon(network.dump(network.small()), arguments=ASKED).start()
    daemon.wait_synced()
    wait_until(lambda: [call for call in published(proxy) if call.status == 200], "the first message")
    found = emulator.client("cloudwatch").list_metrics(Namespace="Holdfast/Test")["Metrics"]
    assert {metric["MetricName"] for metric in found} == {"Drifted", "Held", "Corrected", "Failed", "Calls", "PassTime"}
    assert all({"Name": "Stack", "Value": "shop"} in metric["Dimensions"] for metric in found)
    for _ in range(3):
        daemon.sync()
    assert len(published(proxy)) == 1, "at most one message a minute"


def test_who_only_observes_publishes_nothing(make_daemon, proxy):
    daemon = make_daemon(network.dump(network.small()), arguments=[*ASKED, "--observe"]).start()
    daemon.sync()
    assert proxy.mutations() == []


def test_a_refusal_disturbs_nothing(make_daemon, proxy):
    proxy.fail("error", "PutMetricData", status=403, code="AccessDenied", message="no")
    daemon = make_daemon(network.dump(network.small()), arguments=ASKED).start()
    daemon.wait_synced()
    wait_until(lambda: "cannot publish metrics" in daemon.log(), "the warning")
    proxy.clear_calls()
    daemon.sync()
    daemon.wait_synced()
    assert proxy.mutations() == []
    assert daemon.stop() == 0


def test_an_answer_that_never_comes_does_not_keep_it_from_stopping(make_daemon, proxy):
    proxy.fail("hang", "PutMetricData")
    daemon = make_daemon(network.dump(network.small()), arguments=ASKED).start()
    daemon.wait_synced()
    wait_until(lambda: published(proxy), "the first message")
    assert daemon.stop(patience=20) == 0


def test_a_namespace_of_aws_is_refused(make_daemon):
    daemon = make_daemon(network.dump(network.small()), arguments=["--metrics-namespace", "AWS/Holdfast"])
    daemon.start(wait=False)
    assert daemon.process.wait(20) != 0
    assert "not beginning with AWS/" in daemon.log()
