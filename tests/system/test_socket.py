"""The control socket under bad manners."""
import json
import socket

import pytest

import network


@pytest.fixture(scope="module")
def quiet(emulator_process):
    """One daemon for all: none of this may disturb it."""
    from daemon import Daemon
    from proxy import Proxy
    emulator_process.reset()
    proxy = Proxy(emulator_process.port)
    daemon = Daemon(proxy.url, network.dump(network.small()))
    try:
        daemon.start()
        daemon.wait_synced()
        yield daemon
        daemon.check_alive()
        daemon.sync()
        daemon.wait_synced()
    finally:
        daemon.close()
        proxy.close()


def send(daemon, data):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)  # half a request gets no answer, and that is all right
        client.connect(str(daemon.socket))
        try:
            client.sendall(data)
        except BrokenPipeError:
            pass
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except (ConnectionResetError, TimeoutError):
            pass
        return answer


@pytest.mark.parametrize("data", [
    b"\x00" * 4096, b"\xff\xfe garbage\r\n\r\n", b"GET", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /v1/status HTTP/1.1\r\n" + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n",
    b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{}",
    b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
], ids=range(9))
def test_garbage_is_refused_and_the_daemon_goes_on(quiet, data):
    answer = send(quiet, data)
    assert not answer.startswith(b"HTTP/1.1 200")
    assert quiet.status()["stack"] == "shop"


@pytest.mark.parametrize("body", [
    b"not json", b"[" * 100000, b'{"target": 7}', b'{"target": "network.vpc.nothing"}', b"[]", b'{"target": "\xff"}',
    b'{"target": "' + b"a" * (1 << 20) + b'"}',
], ids=range(7))
def test_bad_bodies_get_a_classified_error(quiet, body):
    answer = send(quiet, b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                  % len(body) + body)
    head, _, text = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1][:1] == b"4", head
    assert json.loads(text)["error"]["code"]


@pytest.mark.parametrize("method, path", [
    ("GET", "/v1/nothing"), ("DELETE", "/v1/status"), ("GET", "/v1/resources/network.vpc.nothing"),
    ("GET", "/v1/history?since=yesterdayish"), ("GET", "/v1/history?limit=-1"), ("GET", "/v1/status?unknown=1"),
    ("GET", "/v1/resources/..%2f..%2fetc%2fpasswd"),
])
def test_what_is_not_there_is_said_so(quiet, method, path):
    status, body = quiet.request(method, path)
    assert 400 <= status < 500
    assert body["format"] == 1 and body["error"]["message"]


def test_clients_that_stall_hold_nobody_up(quiet):
    stalled = []
    for _ in range(20):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(quiet.socket))
        client.sendall(b"GET /v1/status HTTP/1.1\r\nHos")
        stalled.append(client)
    assert quiet.status()["stack"] == "shop"
    for client in stalled:
        client.close()


def test_metrics_and_health_answer_in_their_own_formats(quiet):
    status, text = quiet.request("GET", "/healthz")
    assert (status, text.strip()) == (200, "ok")
    assert quiet.request("GET", "/readyz")[0] == 200
    status, text = quiet.request("GET", "/metrics")
    assert status == 200 and "# TYPE holdfast_" in text
