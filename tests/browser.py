"""A real browser for tests: Chromium without a window, told what to do through a pipe (the Chrome DevTools Protocol).

No driver, no port and no package stands between: whatever version of Chromium is there understands what is used here.
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

CHROMIUM: Final = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS: Final = 60.0
# Chromium reads what it is told from descriptor 3 and answers on 4.
_START: Final = (
    "import os, sys; r, w = map(int, sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_OPTIONS: Final = (
    *("--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--mute-audio", "--hide-scrollbars", "--lang=en-GB", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
_KEYS: Final = {"Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, "Tab": 9}


@dataclass
class Page:
    """One tab: what is done in it, and what it has asked for and complained about since it was opened."""

    _write: int
    _read: int
    session: str = ""
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _sent: int = 0
    _unread: bytes = b""

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command, and its result."""
        self._sent += 1
        message: dict[str, Any] = {"id": self._sent, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while True:
            heard = self._hear(end, method)
            if heard.get("id") == self._sent:
                assert "error" not in heard, f"{method}: {heard['error']}"
                result: dict[str, Any] = heard["result"]
                return result

    def open(self, url: str) -> None:
        """Load an address."""
        assert "errorText" not in (done := self.tell("Page.navigate", url=url)), done

    def run(self, script: str) -> Any:
        """The value of an expression, awaited, as JSON."""
        done = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait for an expression to be true, and give its value."""
        end = time.monotonic() + SECONDS
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never: {script}\n{self.run('document.body.innerText')}\n{self.complaints}"
            time.sleep(0.03)
        return value

    def text(self, selector: str) -> str:
        """What an element shows."""
        return str(self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str) -> None:
        """Click the first element that fits, once there is one."""
        self.until(f"document.querySelector({json.dumps(selector)}) !== null")
        self.run(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector: str, value: str) -> None:
        """Set a field as somebody does who types or picks."""
        place = json.dumps(selector)
        kinds = "for (const kind of ['input', 'change']) own.dispatchEvent(new Event(kind, {bubbles: true}))"
        self.run(f"(() => {{ const own = document.querySelector({place}); own.value = {json.dumps(value)}; {kinds} }})()")

    def press(self, key: str) -> None:
        """Press a key."""
        own = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        self.tell("Input.dispatchKeyEvent", type="keyDown", **own, **({"text": "\r"} if key == "Enter" else {}))
        self.tell("Input.dispatchKeyEvent", type="keyUp", **own)

    def look(self, width: int, height: int, *, dark: bool = False, scale: float = 1.0) -> None:
        """The window's size, and whether its reader likes it dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.tell("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.tell("Emulation.setEmulatedMedia", media="", features=[scheme])

    def picture(self, path: Path) -> None:
        """What is in the window, as PNG."""
        path.write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"]))

    def _hear(self, end: float, waiting: str) -> dict[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0))
            assert ready, f"no answer to {waiting}"
            part = os.read(self._read, 1 << 20)
            assert part, f"the browser ended at {waiting}"
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\0")
        heard: dict[str, Any] = json.loads(line)
        self._note(heard.get("method", ""), heard.get("params", {}))
        return heard

    def _note(self, kind: str, said: dict[str, Any]) -> None:
        if kind == "Network.requestWillBeSent":
            self.asked.append(said["request"]["url"])
        elif kind == "Runtime.exceptionThrown":
            self.complaints.append(str(said["exceptionDetails"]))
        elif kind == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(said["entry"]["text"])
        elif kind == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(said["args"]))


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser with one empty tab, its profile in a folder; it and what it started end with the block."""
    assert CHROMIUM is not None
    told, answers = os.pipe(), os.pipe()
    # Above what is dup'ed to, so that neither is closed by the other.
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (told[0], answers[1])]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    options = [*_OPTIONS, *sandbox, f"--user-data-dir={folder}", "about:blank"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _START, *map(str, theirs), CHROMIUM, *options],
            pass_fds=theirs,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    for end in (told[0], answers[1], *theirs):
        os.close(end)
    page = Page(told[1], answers[0])
    try:
        target = page.tell("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.tell(f"{domain}.enable")
        yield page
    finally:
        os.close(told[1])  # when nobody can tell it anything any longer, it ends
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own session: nobody else's processes are in it
        process.wait(5)
        os.close(answers[0])
