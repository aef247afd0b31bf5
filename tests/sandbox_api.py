"""How the tests of the sandbox speak to it: over real HTTP, one project each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

PLAIN = {"service_type": "pg", "plan": "startup-4"}


@dataclass(frozen=True)
class Api:
    """The API of one project in one sandbox; `service` is where short paths begin."""

    http: httpx.Client
    root: str
    project: str

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.http.request(method, f"/v1{path}", json=body)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer of a call that must succeed."""
        answer = self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, status: int, method: str, path: str, body: Any = None) -> str:
        """Return the message of a call that must be refused so, after checking its form."""
        answer = self.call(method, path, body)
        assert answer.status_code == status, answer.text
        said = answer.json()
        assert said["errors"][0]["message"] == said["message"]
        assert said["errors"][0]["status"] == status
        return str(said["message"])

    def code(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self.call(method, path, body)
        return answer.status_code, answer.json()["errors"][0].get("error_code", "")

    def hook(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def path(self) -> str:
        return f"/project/{self.project}"

    def create_service(self, name: str = "pg1", **more: Any) -> str:
        """Create a service, which answers REBUILDING, and return its path."""
        body = {"service_name": name, **PLAIN, **more}
        assert self.ok("POST", f"{self.path}/service", body)["service"]["state"] == "REBUILDING"
        self.settle()
        return f"{self.path}/service/{name}"

    def service(self, path: str) -> Any:
        """Return the service once what was begun in it is done, which is at once in memory."""
        self.settle()
        return self.ok("GET", path)["service"]

    def settle(self, within_s: float = 20) -> None:
        """Wait until nothing is being started or stopped in this project."""
        deadline_s = time.monotonic() + within_s
        while any(not one["is_idle"] for one in self.running().values()):
            assert time.monotonic() < deadline_s, self.running()
            time.sleep(0.01)

    def running(self) -> dict[str, Any]:
        """Return what the real engine runs for this project; nothing for the other."""
        engine = self.hook("GET", "status")["engine"]
        mine = f"{self.project}/"
        found = engine.get("services", {})
        return {name: one for name, one in found.items() if name.startswith(mine)}

    def remove_services(self) -> None:
        for service in self.ok("GET", f"{self.path}/service")["services"]:
            path = f"{self.path}/service/{service['service_name']}"
            if service["termination_protection"]:
                self.ok("PUT", path, {"termination_protection": False})
            self.ok("DELETE", path)
