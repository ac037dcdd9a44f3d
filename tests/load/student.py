"""One student, acting as their browser would: the hub's pages, the server's REST interface, a kernel's websocket."""

from __future__ import annotations

import json
import select
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests
import websocket

PATIENCE = 300.0  # seconds for any one step
PACE = 0.033  # seconds between two positions of a slider that is dragged


@dataclass
class Update:
    """A value that was sent to a widget, and the one that its next picture was drawn for."""

    value: float
    message: str
    sent: float
    answered: float | None = None
    drawn: float | None = None

    @property
    def seconds(self) -> float:
        return (self.answered or float("inf")) - self.sent


class Student:
    """address : of the hub, such as "http://127.0.0.1:8000". Every method raises RuntimeError where it fails."""

    def __init__(self, address: str, name: str):
        self.address, self.name = address, name
        self.web = requests.Session()
        self.session = uuid4().hex
        self.widgets: dict[str, dict[str, Any]] = {}
        self.merged = 0  # positions of a slider that a later one has overtaken before they were sent

    # ---- the hub ----

    def log_in(self) -> None:
        """Through the page with the form, as everybody does; then a token takes the place of the cookies."""
        page = f"{self.address}/hub/login"
        with requests.Session() as browser:
            self._read(browser.get(page, timeout=PATIENCE))
            form = {"username": self.name, "password": "any", "_xsrf": browser.cookies.get("_xsrf", path="/hub/")}
            self._read(browser.post(page, data=form, timeout=PATIENCE, allow_redirects=False))
            self._read(browser.get(f"{self.address}/hub/token", timeout=PATIENCE))
            answer = browser.post(
                f"{self.address}/hub/api/users/{self.name}/tokens",
                params={"_xsrf": browser.cookies.get("_xsrf", path="/hub/")},
                json={"note": "load test"},
                timeout=PATIENCE,
            )
        self.web.headers["Authorization"] = f"token {self._read(answer)['token']}"

    def start_server(self) -> None:
        self._ask("POST", f"hub/api/users/{self.name}/server")
        deadline = time.monotonic() + PATIENCE
        while not self._ask("GET", f"hub/api/users/{self.name}")["servers"].get("", {}).get("ready"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"no server after {PATIENCE:g} s")
            time.sleep(0.5)

    # ---- the notebook ----

    def open(self, path: str) -> list[str]:
        """Open the notebook and connect to its kernel; returns the sources of its code cells."""
        self._ask("GET", f"user/{self.name}/lab/tree/{path}")
        notebook = self._ask("GET", f"user/{self.name}/api/contents/{path}")["content"]
        kernel = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        started = self._ask("POST", f"user/{self.name}/api/sessions", kernel)["kernel"]["id"]
        self.socket = websocket.create_connection(
            f"{self.address.replace('http', 'ws', 1)}/user/{self.name}/api/kernels/{started}/channels"
            f"?session_id={self.session}",
            header=[f"Authorization: {self.web.headers['Authorization']!s}"],
            timeout=PATIENCE,
        )
        return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]

    def run(self, source: str) -> None:
        """Run a cell; returns when the kernel has answered and is idle again."""
        request = {"code": source, "silent": False, "store_history": True, "user_expressions": {}}
        asked = self._send("shell", "execute_request", {**request, "allow_stdin": False, "stop_on_error": True})
        replied = idle = False
        while not (replied and idle):
            message = self._receive()
            content, kind = message["content"], message["header"]["msg_type"]
            if kind == "comm_open" and "controls" in content["data"].get("state", {}):
                self.widgets[content["comm_id"]] = content["data"]["state"]
            if message["parent_header"].get("msg_id") != asked:
                continue
            if kind == "execute_reply":
                replied = True
                if content["status"] != "ok":
                    raise RuntimeError(f"{content.get('ename')}: {content.get('evalue')} in the cell {source!r}")
            idle |= kind == "status" and content["execution_state"] == "idle"

    # ---- a widget ----

    def slider(self) -> tuple[str, dict[str, Any]]:
        """The first slider that the notebook has shown: the widget's comm, and what the page knows of the control."""
        for comm, state in self.widgets.items():
            for control in state["controls"]:
                if control["kind"] == "slider" and not control.get("factors"):
                    return comm, control
        raise RuntimeError("the notebook has shown no slider")

    def drag(self, changes: int) -> list[Update]:
        """Drag the slider from its low end to its high one; returns what was sent, in order.

        As ipywidgets does in a page: one message is in flight, and a value that comes before the kernel is idle again
        waits; a later one takes its place.
        """
        comm, control = self.slider()
        low, high = control["low"], control["high"]
        values = [round(low + (high - low) * k / changes, 6) for k in range(1, changes + 1)]
        updates: list[Update] = []
        waiting: float | None = None
        in_flight = False
        started, moved = time.monotonic(), 0
        while moved < changes or in_flight or waiting is not None:
            next_move = started + moved * PACE if moved < changes else None
            if next_move is not None and time.monotonic() >= next_move:
                self.merged += waiting is not None
                waiting = values[moved]
                moved += 1
            if waiting is not None and not in_flight:
                data = {"method": "update", "state": {control["name"]: waiting}, "buffer_paths": []}
                sent = time.monotonic()
                message_id = self._send("shell", "comm_msg", {"comm_id": comm, "data": data})
                updates.append(Update(waiting, message_id, sent))
                in_flight, waiting = True, None
            message = self._receive(until=started + moved * PACE if moved < changes else None)
            if message is None or not in_flight or message["parent_header"].get("msg_id") != updates[-1].message:
                continue
            content, kind = message["content"], message["header"]["msg_type"]
            if kind == "comm_msg" and content["comm_id"] == comm and "drawn" in content["data"].get("state", {}):
                updates[-1].answered = time.monotonic()
                updates[-1].drawn = content["data"]["state"]["drawn"][control["name"]]
            in_flight = not (kind == "status" and content["execution_state"] == "idle")
        lost = [update.value for update in updates if update.drawn != update.value]
        if lost or updates[-1].value != values[-1]:
            raise RuntimeError(f"{len(lost)} of {len(updates)} updates were lost: {lost}")
        return updates

    # ---- messages ----

    def _ask(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        return self._read(self.web.request(method, f"{self.address}/{path}", json=content, timeout=PATIENCE))

    @staticmethod
    def _read(answer: requests.Response) -> Any:
        if not answer.ok:
            raise RuntimeError(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else None

    def _send(self, channel: str, kind: str, content: dict[str, Any]) -> str:
        header = {"msg_id": uuid4().hex, "msg_type": kind, "session": self.session, "username": self.name}
        message = {"header": {**header, "version": "5.3"}, "parent_header": {}, "metadata": {}, "content": content}
        self.socket.send(json.dumps({**message, "channel": channel, "buffers": []}))
        return str(header["msg_id"])

    def _receive(self, until: float | None = None) -> Any:
        """The next message, or None when there is none until then. Raises RuntimeError when nothing ever comes."""
        seconds = PATIENCE if until is None else max(0.0, until - time.monotonic())
        if not select.select([self.socket.fileno()], [], [], seconds)[0]:
            if until is None:
                raise RuntimeError(f"the kernel has said nothing for {PATIENCE:g} s")
            return None
        text = self.socket.recv()
        if not text or isinstance(text, bytes):
            raise RuntimeError("the kernel's websocket was closed, or holds binary messages, which none of ours are")
        return json.loads(text)
