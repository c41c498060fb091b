"""Chromium by its driver: WebDriver's own few requests, and DevTools commands through it. No library is needed."""
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request

from daemon import wait_until
from emulator import free_port

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")


class Browser:
    """One headless window. `with Browser() as browser: browser.open(url)`."""

    def __enter__(self):
        self.home = tempfile.TemporaryDirectory(prefix="holdfast-driver-", ignore_cleanup_errors=True)
        self.port = free_port()
        self.driver = subprocess.Popen([DRIVER, f"--port={self.port}"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home.name})
        try:
            wait_until(self._answers, "chromedriver to answer")
            made = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {
                "binary": CHROMIUM, "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                                             f"--user-data-dir={self.home.name}/profile"]}}}})
            self.session = f"/session/{made['sessionId']}"
        except BaseException:
            self.driver.kill()
            self.driver.wait()
            self.home.cleanup()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.home.cleanup()

    def _answers(self):
        try:
            return self.ask("GET", "/status")["ready"]
        except OSError:
            return False

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=json.dumps(body).encode() if body is not None else None,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=90) as answer:
            return json.load(answer)["value"]

    def devtools(self, command, **parameters):
        return self.ask("POST", f"{self.session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self.ask("POST", f"{self.session}/url", {"url": url})

    def run(self, script, *arguments):
        """What the body of a function returns."""
        return self.ask("POST", f"{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def theme(self, name):
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}, {"name": "prefers-reduced-motion", "value": "reduce"}])

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.devtools("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def accessible(self):
        """[{"role", "name", "level"?, "live"?}] of what a screen reader is told, in the order of the document."""
        nodes = {node["nodeId"]: node for node in self.devtools("Accessibility.getFullAXTree")["nodes"]}
        found = []

        def tell(node):
            if not node.get("ignored"):
                row = {"role": node["role"]["value"], "name": node.get("name", {}).get("value", "").strip()}
                row.update({p["name"]: p["value"].get("value") for p in node.get("properties", ())})
                found.append(row)
            for child in node.get("childIds", ()):
                if child in nodes:
                    tell(nodes[child])

        tell(next(node for node in nodes.values() if "parentId" not in node))
        return found
