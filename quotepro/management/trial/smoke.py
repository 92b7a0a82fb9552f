"""The seven business steps through the API, as a program of a company takes them."""

import http.client
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 30


class StepFailed(Exception):
    """A step was answered otherwise than expected."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: whether it worked, how long it took, and what was wrong."""

    name: str
    passed: bool
    ms: float
    problem: str = ""


class Smoke:
    """One deal from lead to payment; `deal_id` is known once its lead is."""

    def __init__(self, base_url: str, token: str) -> None:
        self.base_url, self.token = base_url, token
        self.deal_id: str | None = None
        self.job_id = self.invoice_id = ""
        self.run = secrets.token_hex(6)

    def steps(self) -> list[Step]:
        """Takes the steps in order; those after one that failed are not taken, and count as failed."""
        taken: list[Step] = []
        for name, work in (
            ("create lead", self._lead), ("generate quote", self._quote), ("send quote", lambda: self._act("send")),
            ("accept quote", lambda: self._act("accept")), ("create job", self._job),
            ("send invoice", self._invoice), ("mark paid", self._paid),
        ):  # fmt: skip
            if taken and not taken[-1].passed:
                taken.append(Step(name=name, passed=False, ms=0, problem="not tried: the step before failed"))
            else:
                taken.append(_timed(name, work))
        return taken

    def _lead(self) -> None:
        person = {"name": f"Smoke Test {self.run}", "email": f"smoke-{self.run}@test.invalid"}
        body = {"customer": person, "description": "Smoke test"}
        self.deal_id = self._ask("POST", "leads", body, 201)["id"]

    def _quote(self) -> None:
        drafted = self._ask("POST", "quotes/generate", {"lead_id": self.deal_id, "description": "Smoke test"}, 201)
        items = [{"name": "Smoke test", "quantity": "1", "unit_price": "12.50"}]
        quote = self._ask("PATCH", f"quotes/{drafted['quote']['id']}", {"items": items}, 200, {"If-Match": "*"})
        _expect("total", quote["total"], "12.5")

    def _act(self, verb: str) -> None:
        quote = self._ask("POST", f"quotes/{self.deal_id}/{verb}", None, 200)
        _expect("status", quote["status"], {"send": "sent", "accept": "accepted"}[verb])

    def _job(self) -> None:
        self.job_id = self._ask("POST", "jobs", {"quote_id": self.deal_id}, 201)["id"]

    def _invoice(self) -> None:
        self.invoice_id = self._ask("POST", "invoices", {"job_id": self.job_id}, 201)["id"]
        _expect("status", self._ask("POST", f"invoices/{self.invoice_id}/send", None, 200)["status"], "sent")

    def _paid(self) -> None:
        paid = self._ask("POST", f"invoices/{self.invoice_id}/pay", {"method": "smoke test", "amount": "12.50"}, 200)
        _expect("status", paid["status"], "paid")
        _expect("amount", self._ask("GET", f"invoices/{self.invoice_id}", None, 200)["payments"][0]["amount"], "12.5")

    def _ask(
        self, method: str, path: str, body: Any, expected: int, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        parts = urlsplit(self.base_url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if method == "POST":
            sent["Idempotency-Key"] = f"trial-{self.run}-{path}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, f"{parts.path}/api/v2/{path}", json.dumps(body) if body else None, sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except OSError as error:
            raise StepFailed(f"{self.base_url} does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status != expected:
            raise StepFailed(f"{method} {path}: expected {expected}, got {answer.status}: {text[:300]}")
        found = json.loads(text)
        assert isinstance(found, dict)
        return found


def _timed(name: str, work: Callable[[], None]) -> Step:
    began = time.monotonic()
    problem = ""
    try:
        work()
    except StepFailed as error:
        problem = str(error)
    return Step(name=name, passed=not problem, ms=round((time.monotonic() - began) * 1000, 1), problem=problem)


def _expect(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise StepFailed(f"{what}: expected {expected!r}, got {found!r}")
