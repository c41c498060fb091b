"""A reverse proxy in front of the emulator that sees, counts, rewrites and breaks AWS calls.

The emulator answers at once, always, in the same order, in one page and with what it was asked for last. AWS
does none of that. What a test needs of the rest of the world is done here:

    proxy.calls              every request in order, as Call
    proxy.counts()           Counter of "ec2:DescribeVpcs"
    proxy.mutations()        the calls that change something
    proxy.delay              seconds before every answer
    proxy.reorder            lists in another order each time
    proxy.unknown            members that no model knows, everywhere
    proxy.hangs_up           each answer is the last one of its connection
    proxy.name               by which it is reached, over TLS; see nameless.py
    proxy.page_size          EC2 answers in pages (the emulator has none)
    proxy.frozen             reads are answered with the answer of the last equal request: a world that
                             stands still and costs nothing, for measuring
    proxy.stand_in           what the emulator cannot do: see standin.py; several, when they are of several services
    proxy.go_away()          nobody listens, or `drops`: packets vanish; until proxy.come_back()
    proxy.behaviours         functions (call, status, answer) -> (status, answer) over what the emulator
                             answered: what AWS does and it does not (as_aws.py); their `before(call, body)`
                             changes what the emulator gets
    proxy.tokens             client tokens as AWS has them: see tokens.py
    proxy.fail(kind, ...)    faults: see Fault

Each fault is one method that gets the connection; the request's own thread carries it out.
"""
import collections
import dataclasses
import functools
import http.client
import json
import os
import random
import re
import socket
import struct
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.config import Config

import likeness
import standin
from emulator import KEYS, REGION, free_port

EC2 = "http://ec2.amazonaws.com/doc/2016-11-15/"
ET.register_namespace("", EC2)

READS = re.compile(r"^(Describe|Get|List|Lookup|Search|BatchGet|Head|Filter)")
# Change nothing of ours, although they do not begin like a read.
ALSO_READS = {"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:DecodeAuthorizationMessage"}
# AWS has no pages here.
UNPAGED = {"DescribeAddresses", "DescribeVpcAttribute", "DescribeAvailabilityZones"}


@dataclasses.dataclass
class Call:
    """One request as it came."""

    number: int
    service: str
    operation: str
    params: dict  # form fields, or the JSON body
    at: float  # monotonic
    attempt: int  # of the client's own count (amz-sdk-request), 1 when it says nothing
    executed: bool = False  # the emulator has seen it
    status: int = 0  # what the client got; 0: no answer
    connection: int = 0  # which of the client's connections
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""

    @property
    def name(self):
        return f"{self.service}:{self.operation}"

    @property
    def is_read(self):
        return bool(READS.match(self.operation)) or self.name in ALSO_READS

    @property
    def is_mutating(self):
        return not self.is_read

    def __str__(self):
        return f"{self.number} {self.name} {self.params} -> {self.status or 'no answer'}"


@dataclasses.dataclass
class Fault:
    """What happens to the calls that match.

    kind: throttle     the service's own way to say 'slow down'
          error        `status`, `code`, `message` in the service's own format
          html         an HTML page with `status` (500, or 200 like a captive portal)
          garbage      bytes that are no HTTP body of anything, status 200
          empty        status 200 and no body
          refuse       connection reset before the emulator sees the request
          lose         the emulator carries it out, then the connection is reset
          lose_fin     the same, with an orderly close
          truncate     the emulator's answer, cut in the middle
          hang         no answer until the proxy is told to stop
          drip         a byte a second
          huge         an endless answer
          delay        `seconds`, then as usual
          before       as `refuse`, after `change(call)`
          after        as `lose`, with `change(call)` called in between: kill something there
          rewrite      the emulator's answer through `change(bytes) -> bytes`
          answer       `change(request body) -> bytes` is the answer, 200; the emulator sees nothing
    """

    kind: str
    operation: str = "*"  # "CreateVpc", "Describe*"
    service: str = "*"
    times: int = -1  # how often; -1: until removed
    skip: int = 0  # leave the first ones alone
    when: object = None  # call -> bool
    status: int = 500
    code: str = "InternalError"
    message: str = "injected by the test"
    carries_out: bool = False  # `error`: the emulator carries it out all the same
    headers: list = dataclasses.field(default_factory=list)  # more of them, of `error`; a Date replaces ours
    seconds: float = 0.0
    change: object = None
    hits: int = 0

    def matches(self, call):
        def like(pattern, text):
            return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None

        return (
            like(self.operation, call.operation)
            and like(self.service, call.service)
            and (self.when is None or self.when(call))
        )


def operation_of(handler, body):
    """(service, operation, parameters), by the scope of the signature and the protocol's own marks."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request",
                      handler.headers.get("Authorization", ""))
    service = scope.group(1) if scope else "unsigned"
    target = handler.headers.get("X-Amz-Target")
    if target:
        try:
            params = json.loads(body or b"{}")
        except ValueError:
            params = {}
        return service, target.rsplit(".", 1)[-1], params
    query = urllib.parse.urlsplit(handler.path).query
    form = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    if handler.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        form.update(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if "Action" in form:
        operation = form.pop("Action")
        form.pop("Version", None)
        return service, operation, form
    path = urllib.parse.urlsplit(handler.path).path
    operation = rest_operation(service, handler.command, path, form)
    verb = {"GET": "Get", "HEAD": "Head"}.get(handler.command, handler.command.title())
    params = {"path": urllib.parse.unquote(path), "body": body.decode("utf-8", "replace")}
    return service, operation or f"{verb} {path}", params


# By the name in a signature; the other services' operations are named in the request itself.
REST_SERVICES = {"s3": "s3", "es": "opensearch"}


@functools.lru_cache(maxsize=None)
def rest_routes(service):
    """[(method, pattern of the path, names in the query, operation)], those with most names first."""
    import botocore.loaders
    model = botocore.loaders.Loader().load_service_model(REST_SERVICES[service], "service-2")
    routes = []
    for name, operation in model["operations"].items():
        uri, _, query = operation["http"]["requestUri"].partition("?")
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(uri).rstrip("/")) + "/?"
        names = {part.partition("=")[0] for part in query.split("&") if part}
        if operation.get("deprecated"):
            continue
        routes.append((operation["http"]["method"], re.compile(pattern), names - {"x-id"}, name))
    return sorted(routes, key=lambda route: -len(route[2]))


def rest_operation(service, method, path, query):
    """The operation that a method, a path and a query mean to a REST service; None: not known."""
    for wanted, pattern, names, operation in rest_routes(service) if service in REST_SERVICES else ():
        if method == wanted and names <= set(query) and pattern.fullmatch(path):
            return operation
    return None


# ---- what AWS does to answers and the emulator does not


def _lists(root):
    """Elements that hold a list: all their children are <item> or <member>."""
    for element in root.iter():
        names = {child.tag.rsplit("}", 1)[-1] for child in element}
        if names and names <= {"item", "member"}:
            yield element


def reordered(root, rng):
    for element in list(_lists(root)):
        children = list(element)
        rng.shuffle(children)
        element[:] = children


def with_unknown_members(root):
    space = root.tag.rsplit("}", 1)[0] + "}" if root.tag.startswith("{") else ""
    targets = [root] + [item for element in _lists(root) for item in element if len(item)]
    for target in targets:
        extra = ET.Element(f"{space}neverHeardOf")
        ET.SubElement(ET.SubElement(extra, f"{space}nested"), f"{space}value").text = "42"
        target.insert(0, extra)


def paged(root, offset, size, order):
    """Keeps `size` items of the answer's own list from `offset`; True when more follow."""
    space = root.tag.rsplit("}", 1)[0] + "}" if root.tag.startswith("{") else ""
    own = [child for child in root if len(child) and child[0].tag.endswith("}item")]
    if not own:
        return None
    items = list(own[0])
    own[0][:] = items[offset:offset + size]
    if offset + size >= len(items):
        return None
    token = ET.SubElement(root, f"{space}nextToken")
    token.text = f"page-{order:08x}-{offset + size}"
    return token.text


def json_with_unknown(value, top=True):
    if isinstance(value, dict):
        out = {key: json_with_unknown(item, False) for key, item in value.items()}
        if top:
            out["NeverHeardOf"] = {"Nested": [1, None, "x"]}
        return out
    if isinstance(value, list):
        return [json_with_unknown(item, False) for item in value]
    return value


ERRORS = {
    "ec2": ("text/xml", '<?xml version="1.0"?><Response><Errors><Error><Code>{code}</Code>'
            "<Message>{message}</Message></Error></Errors><RequestID>req-injected</RequestID></Response>"),
    "query": ("text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
              "<Message>{message}</Message></Error><RequestId>req-injected</RequestId></ErrorResponse>"),
    "json": ("application/x-amz-json-1.1", '{{"__type":"{code}","message":"{message}"}}'),
    "rest-json": ("application/json", '{{"code":"{code}","message":"{message}"}}'),
    "rest-xml": ("application/xml", "<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
}


def protocol_of(call, headers):
    if "x-amz-target" in headers:
        return "json"
    if call.service in REST_SERVICES:
        return "rest-xml" if call.service == "s3" else "rest-json"
    return "ec2" if call.service == "ec2" else "query"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write an answer

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        self.proxy = self.server.proxy
        self.connection_number = self.proxy.next_connection()

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError, OSError):
            self.close_connection = True

    def do_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it thought better of it: no request, and none is carried out
            self.close_connection = True
            return
        if self.proxy.is_away:  # over a connection of before
            self.reset()
            return
        call = self.proxy.record(self, body)
        fault = self.proxy.fault_for(call)
        if self.proxy.delay and fault is None:
            time.sleep(self.proxy.delay)
        if fault is not None and not getattr(self, "fault_" + fault.kind)(call, fault, body):
            return
        status, headers, answer = self.forward(call, body)
        self.reply(call, status, headers, answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_any

    # -- the emulator

    def forward(self, call, body):
        key = (call.service, call.operation, self.path, body)
        before = self.proxy.tokens.answer(call) if self.proxy.tokens else None
        if before:
            return before[1] if before[0] == "known" else self.refusal(call, *before[1])
        if self.proxy.frozen and key in self.proxy.last_answers:
            return self.proxy.last_answers[key]
        page = self.proxy.page_for(call)
        if page is not None:
            form = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
            body = urllib.parse.urlencode(
                [(k, v) for k, v in form if k not in ("NextToken", "MaxResults")]).encode()
        for behave in self.proxy.behaviours:
            body = getattr(behave, "before", lambda _, same: same)(call, body)
        status, answered, answer = self.stood_in(call, body) or self.ask(call, body)
        call.executed = True
        for behave in self.proxy.behaviours:
            status, answer = behave(call, status, answer)
        if self.proxy.tokens:
            self.proxy.tokens.note(call, (status, answered, answer))
        if status == 200:
            answer = self.proxy.as_aws_would(call, answer, page)
            if self.proxy.frozen and not call.is_mutating:
                self.proxy.last_answers[key] = (status, answered, answer)
        return status, answered, answer

    def ask(self, call, body):
        headers = {k: v for k, v in self.headers.items()
                   if k.lower() not in ("connection", "content-length", "expect", "host")}
        headers["Host"] = f"127.0.0.1:{self.proxy.emulator_port}"
        more = self.proxy.likeness.afterwards(call, body)
        status, answered, answer = self.proxy.ask(
            self.command, self.path, headers, self.proxy.likeness.to_emulator(call, body))
        if status == 200 and more:
            self.proxy.ask("PUT", more[0], headers, more[1])
        return status, answered, self.proxy.likeness.from_emulator(call, answer) if status == 200 else answer

    def stood_in(self, call, body):
        """The answer of who stands in for the emulator in this operation; None where nobody does."""
        those = self.proxy.stand_in if isinstance(self.proxy.stand_in, (list, tuple)) else [self.proxy.stand_in]
        one = next((one for one in those if hasattr(one, call.operation) and not (
            isinstance(one, standin.Modelled) and one.service != call.service)), None)
        if not one:
            return None
        act = getattr(one, call.operation)
        if isinstance(one, standin.Modelled):
            return self.modelled(call, act)
        refused = []

        def forward(params=None):
            form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            if params is not None:  # some were taken out, or put in: plain values
                form = {k: v for k, v in form.items() if k in ("Action", "Version") or k.split(".")[0] in params}
                form.update({k: v for k, v in params.items() if isinstance(v, str)})
            status, answered, answer = self.ask(call, urllib.parse.urlencode(form).encode())
            if status != 200:
                refused.append((status, answered, answer))
                raise standin.Refused("", "")
            return answer

        try:
            with self.proxy.standing_in:
                return 200, [("Content-Type", "text/xml")], act(standin.tree_of(call.params), forward)
        except standin.Refused as error:
            if refused:
                return refused[0]
            kind, text = ERRORS["query"]
            return error.status, [("Content-Type", kind)], text.format(code=error.code, message=error).encode()

    def modelled(self, call, act):
        """The same with parameters and answers as boto3 has them; None: as the emulator says."""
        try:
            with self.proxy.standing_in:
                given = act(standin.given_by(call), self.proxy.emulator_client)
        except standin.Refused as error:
            kind, text = ERRORS[protocol_of(call, self.lower())]
            return error.status, [("Content-Type", kind)], text.format(code=error.code, message=error).encode()
        if given is None:
            return None
        kind, answer = standin.answer_bytes(call, given)
        return 200, [("Content-Type", kind), ("x-amzn-RequestId", "req-stand-in")], answer

    def reply(self, call, status, headers, answer):
        call.status = status
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.send_header("Date", dict(headers).get("Date") or self.date_time_string())
        self.send_header("Content-Length", str(len(answer)))
        if self.proxy.hangs_up:
            self.send_header("Connection", "close")  # which ends this one too
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    # -- faults; True lets the call go on as usual

    def reset(self):
        """RST: what is unsent is dropped, the other side sees an error and no end of file."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        os.close(self.connection.detach())

    def fault_throttle(self, call, fault, body):
        code = {"ec2": ("RequestLimitExceeded", 503), "query": ("Throttling", 400),
                "json": ("ThrottlingException", 400), "rest-json": ("ThrottlingException", 429),
                "rest-xml": ("SlowDown", 503)}[protocol_of(call, self.lower())]
        return self.answer_error(call, code[1], code[0], "Rate exceeded")

    def fault_error(self, call, fault, body):
        if fault.carries_out:
            self.forward(call, body)
        return self.answer_error(call, fault.status, fault.code, fault.message, fault.headers)

    def fault_html(self, call, fault, body):
        page = b"<!doctype html>\n<html><head><title>Sign in</title></head><body>Welcome</body></html>\n"
        self.reply(call, fault.status, [("Content-Type", "text/html")], page)

    def fault_garbage(self, call, fault, body):
        self.reply(call, 200, [("Content-Type", "text/xml")], b"\x00\xff<\x00Describe" + bytes(range(256)))

    def fault_empty(self, call, fault, body):
        self.reply(call, 200, [("Content-Type", "text/xml")], b"")

    def fault_refuse(self, call, fault, body):
        self.reset()

    def fault_before(self, call, fault, body):
        fault.change(call)
        self.reset()

    def fault_lose(self, call, fault, body):
        self.forward(call, body)
        self.reset()

    def fault_after(self, call, fault, body):
        self.forward(call, body)
        fault.change(call)
        self.reset()

    def fault_lose_fin(self, call, fault, body):
        self.forward(call, body)
        self.close_connection = True

    def fault_truncate(self, call, fault, body):
        status, headers, answer = self.forward(call, body)
        self.send_response_only(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer[:len(answer) // 2])
        self.close_connection = True

    def fault_hang(self, call, fault, body):
        self.proxy.stopping.wait(fault.seconds or None)
        self.close_connection = True

    def fault_drip(self, call, fault, body):
        status, _, answer = self.forward(call, body)
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        for byte in answer:
            try:
                self.connection.sendall(bytes([byte]))
            except OSError:  # it has waited long enough
                return
            if self.proxy.stopping.wait(1.0):
                return

    def fault_huge(self, call, fault, body):
        self.send_response_only(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(1 << 30))
        self.end_headers()
        piece = b"<a>" * 20000
        while not self.proxy.stopping.is_set():
            self.wfile.write(piece)

    def fault_delay(self, call, fault, body):
        self.proxy.stopping.wait(fault.seconds)
        return True

    def fault_rewrite(self, call, fault, body):
        status, headers, answer = self.forward(call, body)
        self.reply(call, status, headers, fault.change(answer))

    def fault_answer(self, call, fault, body):
        self.reply(call, 200, [("Content-Type", "application/json")], fault.change(body))

    def lower(self):
        return {k.lower(): v for k, v in self.headers.items()}

    def refusal(self, call, status, code, message, headers=()):
        kind, text = ERRORS[protocol_of(call, self.lower())]
        return status, [("Content-Type", kind), ("x-amzn-RequestId", "req-injected"), *headers], text.format(
            code=code, message=message).encode()

    def answer_error(self, call, *said):
        self.reply(call, *self.refusal(call, *said))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def get_request(self):
        connection, address = super().get_request()
        if self.proxy.name:  # the handshake is the thread's own, when it reads
            connection = self.proxy.name.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def shutdown_request(self, request):
        if request.fileno() >= 0:  # else reset() has closed it
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        self.proxy.note_error()


class Proxy:
    def __init__(self, emulator_port, name=None):
        self.emulator_port = emulator_port
        self.name = name
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.stand_in = None
        self.standing_in = threading.Lock()
        self.likeness = likeness.Likeness()
        self.errors = []
        self.connections = 0
        self.reset()
        self.hole = []
        self.port = free_port()
        self.listen()

    def listen(self):
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.proxy = self
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def go_away(self, drops=False):
        """Nobody listens any more; or, `drops`, packets vanish: a queue that is full answers nobody."""
        self.is_away = True
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        if drops:
            full = socket.socket()
            full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            full.bind(("127.0.0.1", self.port))
            full.listen(0)
            self.hole.append(full)
            for _ in range(8):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", self.port))
                self.hole.append(filler)

    def come_back(self):
        while self.hole:
            self.hole.pop().close()
        self.is_away = False
        self.listen()

    @property
    def url(self):
        return self.name.url(self.port) if self.name else f"http://127.0.0.1:{self.port}"

    @functools.lru_cache(maxsize=None)
    def emulator_client(self, service):
        """boto3 straight to the emulator, for stand-ins."""
        return boto3.client(service, region_name=REGION, endpoint_url=f"http://127.0.0.1:{self.emulator_port}",
                            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
                            config=Config(retries={"total_max_attempts": 1}, proxies={}))

    def close(self):
        self.stopping.set()
        while self.hole:
            self.hole.pop().close()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def reset(self):
        """Forgets everything and behaves well again."""
        with self.lock:
            self.calls = []
            self.faults = []
            self.behaviours = []
            self.tokens = None
            self.delay = 0.0
            self.is_away = False
            self.reorder = False
            self.unknown = False
            self.page_size = 0
            self.hangs_up = False
            self.frozen = False
            self.last_answers = {}
            self.rng = random.Random(1)

    # -- what was seen

    def clear_calls(self):
        with self.lock:
            self.calls = []

    def seen(self, operation=None):
        with self.lock:
            return [c for c in self.calls if operation in (None, c.operation, c.name)]

    def counts(self):
        return collections.Counter(call.name for call in self.seen())

    def mutations(self):
        return [call for call in self.seen() if call.is_mutating]

    # -- what goes wrong

    def fail(self, kind, operation="*", **how):
        fault = Fault(kind, operation, **how)
        with self.lock:
            self.faults.append(fault)
        return fault

    def behave(self):
        with self.lock:
            self.faults = []

    # -- used by the handler

    def next_connection(self):
        with self.lock:
            self.connections += 1
            return self.connections

    def note_error(self):
        import traceback
        with self.lock:
            self.errors.append(traceback.format_exc())

    def record(self, handler, body):
        service, operation, params = operation_of(handler, body)
        attempt = re.search(r"attempt=(\d+)", handler.headers.get("amz-sdk-request", ""))
        with self.lock:
            call = Call(len(self.calls) + 1, service, operation, params, time.monotonic(),
                        int(attempt.group(1)) if attempt else 1,
                        connection=handler.connection_number, headers=dict(handler.headers),
                        body=body)
            self.calls.append(call)
            return call

    def fault_for(self, call):
        with self.lock:
            for fault in self.faults:
                if not fault.matches(call):
                    continue
                fault.hits += 1
                if fault.hits <= fault.skip:
                    continue
                if fault.times >= 0 and fault.hits > fault.skip + fault.times:
                    continue
                return fault
        return None

    def page_for(self, call):
        """(offset, size, order) of the page that was asked for, or None. The order of a list is the
        same on all its pages, or rows would be lost between them: the token carries it."""
        if not self.page_size or call.service != "ec2" or not call.operation.startswith("Describe"):
            return None
        if call.operation in UNPAGED:
            return None
        token = call.params.get("NextToken", "")
        most = int(call.params.get("MaxResults") or self.page_size)
        order, offset = token.split("-")[1:] if token else (f"{random.getrandbits(32):x}", "0")
        return int(offset), min(most, self.page_size), int(order, 16)

    def as_aws_would(self, call, answer, page):
        if not (page or self.reorder or self.unknown):
            return answer
        if answer.lstrip().startswith(b"{"):
            return json.dumps(json_with_unknown(json.loads(answer))).encode() if self.unknown else answer
        try:
            root = ET.fromstring(answer)
        except ET.ParseError:
            return answer
        if self.reorder:
            with self.lock:
                reordered(root, random.Random(page[2]) if page else self.rng)
        if page:
            paged(root, *page)
        if self.unknown:
            with_unknown_members(root)
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root)

    def ask(self, method, path, headers, body):
        """One request to the emulator, which closes its connection after each."""
        upstream = http.client.HTTPConnection("127.0.0.1", self.emulator_port, timeout=60)
        try:
            upstream.request(method, path, body=body, headers=headers)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()
