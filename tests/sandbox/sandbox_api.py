"""How the tests of the sandbox speak to it: over real HTTP, one project each."""

from __future__ import annotations

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
        return f"{self.path}/service/{name}"

    def service(self, path: str) -> Any:
        return self.ok("GET", path)["service"]
