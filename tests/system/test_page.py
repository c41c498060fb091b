"""The page that --listen serves: whole without a script, live with one, and nothing but a reader.

The browser's part needs chromium; where it is not, that part is skipped and says so.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
from html.parser import HTMLParser

import pytest

import network
from daemon import Daemon, wait_until
from emulator import free_port
from proxy import Proxy

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
HOSTILE = '<img src=x onerror=alert(1)>"\'&'
VOID = {"meta", "link", "input", "br", "wbr"}


class Page(HTMLParser):
    """What a reader without a script gets: elements that close, headings, tables, links, ids."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.links, self.ids, self.tags, self.problems = [], [], [], [], [], []
        self.roles, self.text, self.is_apart = [], [], True
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.is_apart = tag != "wbr"
        self.tags.append((tag, attrs))
        for name in attrs:
            if name.startswith("on") or name == "style":
                self.problems.append((tag, name))
        for name in ("href", "src", "action"):
            if name in attrs:
                self.links.append(attrs[name])
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        if {"script", "style"} & set(self.open):
            return
        if self.tags and self.tags[-1][0] == "wbr" and self.text and not self.is_apart:
            self.text[-1] += data  # a place where a word may break is in no word
        else:
            self.text.append(data)
        self.is_apart = True

    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def served(emulator_process):
    emulator_process.reset()
    proxy = Proxy(emulator_process.port)
    port = free_port()
    stack = network.small()
    stack["network"]["vpc"]["main"].setdefault("tags", {})["note"] = HOSTILE
    daemon = Daemon(proxy.url, network.dump(stack), arguments=["--listen", f"127.0.0.1:{port}"])
    daemon.port, daemon.proxy = port, proxy
    try:
        daemon.start()
        daemon.wait_synced()
        yield daemon
        daemon.check_alive()
    finally:
        daemon.close()
        proxy.close()


def ask(daemon, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def page_of(daemon, path="/"):
    status, headers, text = ask(daemon, path)
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    return Page(text)


def test_the_page_is_whole_without_a_script_and_asks_nobody_else(served):
    page = page_of(served)
    assert not page.problems, "inline handlers and styles are against the policy"
    assert all(re.match(r"/(?!/)|#|data:,$", link) for link in page.links), page.links
    assert len(set(page.ids)) == len(page.ids)
    words = page.words()
    for address in served.resources():
        assert f"/resource/{address}" in page.links
        assert address in words
    assert "AWS is as the file says" in words


def test_a_screen_reader_finds_its_way(served):
    page = page_of(served)
    names = [tag for tag, _ in page.tags]
    assert [names.count(tag) for tag in ("header", "main", "footer", "h1")][1:] == [1, 1, 1]
    assert all(b <= a + 1 for a, b in zip(page.headings, page.headings[1:])), page.headings
    assert dict(page.tags[0][1]).get("lang") == "en"
    assert any(attrs.get("aria-live") == "polite" for _, attrs in page.tags)
    assert all("scope" in attrs for tag, attrs in page.tags if tag == "th")
    assert all(attrs.get("aria-labelledby") in page.ids for _, attrs in page.tags if attrs.get("aria-labelledby"))
    assert all("aria-label" in attrs or "aria-hidden" in attrs for tag, attrs in page.tags if tag == "svg")


def test_a_resource_tells_its_story(served):
    page = page_of(served, "/resource/network.vpc.main")
    words = page.words()
    assert "network.vpc.main" in words and "AWS has" in words and "How it came here" in words
    assert "CreateVpc" in words and "10.0.0.0/16" in words
    assert HOSTILE.split('"')[0] in words, "the tag is shown"
    assert not any(tag == "img" for tag, _ in page.tags), "and is text"
    status, _, text = ask(served, "/resource/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert status == 404 and "<script>alert" not in text and "There is no such resource" in text
    assert ask(served, "/?stack=nothing")[0] == 404


def test_it_only_reads(served):
    assert ask(served, "/v1/status")[0] == 200
    assert ask(served, "/metrics")[0] == 200
    assert ask(served, "/healthz")[2] == "ok\n"
    for path in ("/v1/sync", "/v1/reload", "/v1/approve", "/"):
        status, _, text = ask(served, path, "POST")
        assert status == 403 and json.loads(text)["error"]["code"] == "ReadOnly"
    for method in ("OPTIONS", "PUT", "DELETE"):
        assert ask(served, "/", method)[0] == 405


def test_other_sites_get_nothing(served):
    status, headers, text = ask(served, "/v1/status", Host="evil.example")
    assert status == 403 and "shop" not in text
    status, headers, _ = ask(served, "/", Origin="https://evil.example")
    assert not [name for name in headers if name.lower().startswith("access-control")]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_socket_still_lists_its_paths(served):
    assert {"/v1/status", "/metrics"} <= {row["path"] for row in served.get("/")["routes"]}
    assert served.get("/v1") == served.get("/")


def test_an_address_that_others_reach_wants_names():
    daemon = Daemon("http://127.0.0.1:9", network.dump(network.small()), arguments=["--listen", "0.0.0.0:0"])
    try:
        daemon.start(wait=False)
        assert daemon.process.wait(30) == 1
        assert "--listen-hosts" in daemon.log()
    finally:
        daemon.close()


def test_drift_is_shown_while_it_is_there_and_in_the_timeline_after(served, emulator_process):
    ec2 = emulator_process.client("ec2")
    vpc = served.ids()["network.vpc.main"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "note", "Value": "by hand"}])
    served.sync()
    served.wait_synced()
    wait_until(lambda: "is right again" in page_of(served).words(), "the correction in the timeline")
    text = ask(served, "/")[2]
    assert '<rect class="bar closed"' in text


# ---- in a browser

def browse(url, *arguments):
    """The document after its script has run for a while, by chromium."""
    with tempfile.TemporaryDirectory(prefix="holdfast-browser-") as home:
        done = subprocess.run(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home}",
             "--enable-logging=stderr", "--v=0", *arguments, url],
            capture_output=True, text=True, timeout=90, env={**os.environ, "HOME": home})
    return done.stdout, done.stderr


browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium")


@browser
def test_a_browser_runs_the_page_under_its_policy_and_it_is_live(served):
    text, log = browse(f"http://127.0.0.1:{served.port}/", "--virtual-time-budget=3000", "--dump-dom")
    assert 'class="live on"' in text, log[-2000:]
    said = [line for line in log.splitlines() if "CONSOLE" in line]
    assert not said, said


@browser
@pytest.mark.parametrize("width", [320, 390, 1400])
@pytest.mark.parametrize("path", ["/", "/resource/network.vpc.main"])
def test_nothing_is_wider_than_the_screen(served, path, width):
    """Measured in a frame of a page of our own: a headless window cannot be as narrow as a phone, and the policy
    forbids to frame the real one."""
    document = re.sub("<script>.*?</script>", "", ask(served, path)[2], flags=re.S)
    measure = ("<iframe id=f width=%d height=800 srcdoc='%s'></iframe><script>onload = () => document.title ="
               " 'width ' + f.contentDocument.documentElement.scrollWidth</script>"
               % (width, document.replace("&", "&amp;").replace("'", "&#39;")))
    with tempfile.TemporaryDirectory(prefix="holdfast-frame-") as home:
        file = pathlib.Path(home) / "frame.html"
        file.write_text("<!doctype html><meta charset=utf-8>" + measure)
        text, log = browse(file.as_uri(), "--virtual-time-budget=1500", "--dump-dom", "--window-size=1500,900")
    found = re.search("<title>width ([0-9]+)</title>", text)
    assert found, log[-2000:]
    assert int(found[1]) <= width


def test_progress_counts_from_the_look_that_found_something_and_not_from_the_start(served, emulator_process):
    ec2 = emulator_process.client("ec2")
    served.proxy.fail("hang", operation="ModifySubnetAttribute")
    before = time.monotonic()
    try:
        ec2.modify_subnet_attribute(SubnetId=served.ids()["network.subnet.public-a"],
                                    MapPublicIpOnLaunch={"Value": False})
        served.post("/v1/sync", {"target": "network", "wait": False})
        status = served.wait_status(lambda status: status["progress"], "the correction to be under way")
        assert status["progress"]["elapsed_ms"] <= (time.monotonic() - before) * 1000 + 1
        said = ("Making AWS what the file says", "What is being done", "MapPublicIpOnLaunch false → will be true")
        # What was found is told before it is begun.
        wait_until(lambda: all(words in page_of(served).words() for words in said), "the page to tell of it")
    finally:
        served.proxy.behave()
    served.wait_synced()


def test_what_differs_and_what_is_paused_stand_on_top(served, emulator_process):
    ec2 = emulator_process.client("ec2")
    served.post("/v1/pause", {"target": "network", "reason": "the page shows a drift"})
    try:
        ec2.modify_vpc_attribute(VpcId=served.ids()["network.vpc.main"], EnableDnsHostnames={"Value": False})
        served.sync("network")
        page = page_of(served)
        words = page.words()
        assert "Something wants attention" in words and "The layer network is paused" in words
        assert "EnableDnsHostnames" in words, "and what differs"
    finally:
        served.post("/v1/resume", {"target": "network"})
        served.sync("network")
        served.wait_synced()
