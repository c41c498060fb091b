"""What people are told of: one message when an incident begins, one when it is over."""
import hashlib
import hmac
import http.server
import json
import threading

import network
from daemon import wait_until

VPC = "network.vpc.main"
SECRET = "a secret of this test"


class Receiver:
    """A web server that keeps what it is sent, and says what the test wants it to say."""

    def __init__(self, status=200):
        self.status, self.messages, self.attempts = status, [], 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.attempts += 1
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if receiver.status == 200:
                    receiver.messages.append((dict(self.headers), body))

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, trigger):
        return [m for m in (json.loads(body) for _, body in self.messages) if m["trigger"] == trigger]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def tree():
    made = network.small()
    made["network"]["vpc"]["main"].update(enable_dns_support=True, enable_dns_hostnames=True)
    return network.dump(made)


def break_dns(daemon, ec2):
    """Two fields of one resource: one incident."""
    vpc = daemon.ids()[VPC]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    daemon.sync()
    daemon.wait_synced()


def notices(daemon, receiver):
    return [n for n in daemon.status()["daemon"]["notices"] if n["receiver"] == receiver][0]


def test_a_webhook_is_told_once_when_it_begins_and_once_when_it_is_over_and_signed(held, ec2, tmp_path):
    receiver = Receiver()
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    try:
        daemon = held(tree(), arguments=["--webhook", receiver.url, "--webhook-secret-file", str(secret)])
        break_dns(daemon, ec2)
        wait_until(lambda: receiver.of("on-corrected"), "the end to be told")
        assert len(receiver.of("on-drift")) == 1 and len(receiver.of("on-corrected")) == 1
        began, ended = receiver.of("on-drift")[0], receiver.of("on-corrected")[0]
        assert began["incident"] == ended["incident"]
        assert began["event"]["address"] == VPC and VPC in began["subject"]
        headers, body = receiver.messages[0]
        assert headers["Holdfast-Incident"] == json.loads(body)["incident"]
        at, mark = [part.split("=", 1)[1] for part in headers["Holdfast-Signature"].split(",")]
        wanted = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        assert mark == wanted
        wait_until(lambda: notices(daemon, "webhook")["sent"] == 2, "both to be counted")
        assert notices(daemon, "webhook")["trouble"] is None
    finally:
        receiver.close()


def test_a_webhook_that_fails_is_tried_again_and_shown_and_holds_nothing_up(held, ec2):
    receiver = Receiver(status=503)
    try:
        daemon = held(tree(), arguments=["--webhook", receiver.url, "--triggers", "on-drift"])
        break_dns(daemon, ec2)  # corrected although nobody takes the message
        wait_until(lambda: notices(daemon, "webhook")["trouble"], "the trouble to be shown")
        assert "503" in notices(daemon, "webhook")["trouble"]
        text = daemon.holdfast("status").stdout
        assert "webhook" in text and "503" in text
        receiver.status = 200
        wait_until(lambda: receiver.of("on-drift"), "the message to be taken at last")
        wait_until(lambda: notices(daemon, "webhook")["waiting"] == 0, "the queue to be empty")
        assert len(receiver.messages) == 1, "only what was asked for"
        assert receiver.attempts > 1
    finally:
        receiver.close()


def test_a_command_gets_the_message_and_one_that_fails_is_shown(held, ec2, tmp_path):
    out = tmp_path / "told"
    daemon = held(tree(), arguments=[
        "--on-event", f'cat >> {out}; echo >> {out}; test "$HOLDFAST_TRIGGER" = on-drift || {{ echo no >&2; exit 3; }}'])
    break_dns(daemon, ec2)
    wait_until(lambda: notices(daemon, "on-event")["failed"], "the second one to fail")
    told = [json.loads(line) for line in out.read_text().splitlines() if line]
    assert sorted(m["trigger"] for m in told) == ["on-corrected", "on-drift"]
    assert notices(daemon, "on-event")["sent"] == 1
    assert "status 3" in notices(daemon, "on-event")["trouble"]


def test_a_topic_is_published_to(held, ec2, emulator):
    topic = emulator.client("sns").create_topic(Name="incidents")["TopicArn"]
    daemon = held(tree(), arguments=["--sns-topic", topic, "--triggers", "drift"])
    break_dns(daemon, ec2)
    wait_until(lambda: notices(daemon, "sns-topic")["sent"] == 1, "the message to be published")
    assert notices(daemon, "sns-topic")["failed"] == 0


def test_a_command_that_hangs_does_not_hold_up_the_end_of_the_daemon(held, ec2):
    daemon = held(tree(), arguments=["--on-event", "sleep 1000"])
    break_dns(daemon, ec2)
    assert notices(daemon, "on-event")["waiting"] == 2
    assert daemon.stop() == 0


def test_settings_that_cannot_work_are_refused_in_words(make_daemon):
    for arguments, said in (
            (["--webhook", "ftp://x"], "no http:// or https:// URL"),
            (["--on-event", "true", "--triggers", "on-drfit"], "on-drift, on-corrected"),
            (["--sns-topic", "incidents"], "is no ARN"),
            (["--webhook", "https://x", "--webhook-secret-file", "/no/such"], "cannot read /no/such")):
        daemon = make_daemon(tree(), arguments=arguments)
        daemon.start(wait=False)
        assert daemon.process.wait(30) == 1
        assert said in daemon.log()


def test_kills_repeat_no_message_and_lose_none(make_daemon, postgres, ec2, emulator, proxy):
    receiver = Receiver(status=503)
    proxy.fail("error", "ModifyVpcAttribute", code="UnauthorizedOperation", status=403)

    def kept(which):
        return postgres.sql(f"SELECT 1 FROM holdfast.incident WHERE key = 'action shop {VPC}' AND {which}") != []

    def told(trigger):  # of what failed; a kill leaves others in doubt, which is told too
        return [m for m in receiver.of(trigger) if m["event"].get("address") == VPC]

    try:
        daemon = make_daemon(tree(), postgres=postgres.conninfo(), arguments=[
            "--webhook", receiver.url, "--triggers", "on-failed,on-recovered"]).start()
        wait_until(lambda: receiver.attempts > 0 and kept("message IS NOT NULL"), "a change to fail, and it to be kept")
        daemon.kill()  # nobody has taken the message
        receiver.status = 200
        daemon.start()
        wait_until(lambda: told("on-failed"), "the message to be taken")
        wait_until(lambda: kept("message IS NULL"), "it to be noted")
        for _ in range(3):
            daemon.kill()
            daemon.start()
            daemon.sync("network")  # the change fails again
        assert len(told("on-failed")) == 1, receiver.messages
        daemon.kill()
        proxy.behave()
        daemon.start()
        daemon.wait_synced(patience=120)
        wait_until(lambda: told("on-recovered"), "the end to be told")
        assert told("on-recovered")[0]["incident"] == told("on-failed")[0]["incident"]
        wait_until(lambda: not kept("true"), "it not to stay open")
        assert len(told("on-recovered")) == 1
    finally:
        receiver.close()
