"""A server of the suite, started as a user starts it, and what a browser saw of it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+\S*\?token=\w+")


class Server:
    """``outcomes lab``, until it is closed; use it as a context."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        # as for any user: neither settings nor an environment of the one who tests
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
        }
        environment |= {"HOME": str(folder), "JUPYTER_PLATFORM_DIRS": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "outcomes", "lab", *arguments, "--no-browser"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.address = self._announced()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    @property
    def base(self) -> str:
        """Address without path and token."""
        return "/".join(self.address.split("/")[:3])

    @property
    def token(self) -> str:
        return self.address.rpartition("token=")[2]

    def close(self) -> None:
        """End it politely, with its kernels."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.put(line)

    def _announced(self) -> str:
        said, until = [], time.monotonic() + 60
        while time.monotonic() < until:
            try:
                said.append(self._lines.get(timeout=0.2))
            except queue.Empty:
                assert self._process.poll() is None, "".join(said)
                continue
            found = _ADDRESS.search(said[-1])
            if found:
                return found[0]
        raise AssertionError("no address was announced: " + "".join(said))


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Ask again until there is an answer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s in vain")


def asked_elsewhere(browser: Any) -> list[str]:
    """Addresses beyond this machine that the browser asked for since it was last asked."""
    asked = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            parameters = message["params"]
            asked.append(parameters.get("url") or parameters["request"]["url"])
    here = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:|file:|chrome:")
    return [address for address in asked if not here.match(address)]


def barriers(browser: Any, axe: str, within: str) -> list[Any]:
    """What axe finds to be serious or worse, within a part of the page."""
    browser.execute_script(axe)
    return browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(arguments[0]).then(result => done(result.violations"
        ".filter(each => ['serious', 'critical'].includes(each.impact))"
        ".map(each => [each.id, each.nodes.map(node => node.html.slice(0, 150))])))",
        within,
    )
