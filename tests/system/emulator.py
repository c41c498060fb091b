"""The AWS emulator (moto) as a process of its own, and boto3 clients that talk to it directly."""
import functools
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

REGION = "eu-west-1"
ACCOUNT = "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST", "AWS_SECRET_ACCESS_KEY": "secret-of-the-test"}


def free_port():
    """Below those that the kernel gives to clients: none of theirs takes it before a server listens, or while one is
    stopped."""
    lowest = 10000
    below = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    dice = random.SystemRandom()
    for _ in range(100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", dice.randrange(lowest, below) if below - lowest > 1000 else 0))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise RuntimeError(f"no port is free between {lowest} and {below}")


class Emulator:
    """Started once for many tests: reset() between them takes milliseconds, a start a second."""

    def __init__(self, log_path, **environment):
        self.log_path = str(log_path)
        self.environment = environment
        self.process = None
        for _ in range(3):  # somebody else may take the port between looking and listening
            self.port = free_port()
            if self._start():
                return
        raise RuntimeError(f"the emulator does not start; see {self.log_path}")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def _start(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_"))}
        # Two tasks of each ECS service are made to run: without it none ever does, and no deployment ends.
        environment.update(MOTO_EC2_LOAD_DEFAULT_AMIS="false", MOTO_IAM_LOAD_MANAGED_POLICIES="false",
                           MOTO_ACM_VALIDATION_WAIT="1",  # seconds until a certificate is issued
                           MOTO_ECS_SERVICE_RUNNING="2", PYTHONWARNINGS="ignore")
        environment.update(self.environment)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5):
                    return True
            except OSError:
                time.sleep(0.05)
        self.stop()
        return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def post(self, path, body=b""):
        request = urllib.request.Request(f"{self.url}/moto-api/{path}", data=body, method="POST",
                                         headers={"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def reset(self):
        self.post("reset-auth", b"inf")
        self.post("reset")

    def data(self):
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=30) as answer:
            return json.load(answer)

    @functools.lru_cache(maxsize=None)
    def client(self, service, region=REGION, url=None):
        """boto3 behind the daemon's back: not through any proxy but that of `url`, without retries."""
        return boto3.client(
            service, region_name=region, endpoint_url=url or self.url,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}, proxies={}))

    def load_everything(self):
        """The first EC2 call of a server takes a second; better here than within a test."""
        self.client("ec2").describe_vpcs()
