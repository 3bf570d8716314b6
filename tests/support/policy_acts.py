"""A service in approved mode with people of every duty, and what they do with changes of its policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from api.settings import Settings
from ledger.access.roles import Role
from ledger.journal.clock import Clock
from ledger.policies.policy_mode import PolicyMode
from ledger.store.place import JournalPlace
from tests.support.keyed_services import bearer, people_with_keys
from tests.support.running_service import FACTS, ORDERS, running, write_rules

PEOPLE: dict[str, frozenset[Role]] = {
    "e.lang": frozenset({Role.EDITOR}),
    "e.both": frozenset({Role.EDITOR, Role.APPROVER}),
    "a.kurz": frozenset({Role.APPROVER}),
    "a.meyer": frozenset({Role.APPROVER}),
    "admin": frozenset({Role.ADMIN}),
    "auditor": frozenset({Role.AUDITOR}),
    "orders": frozenset({Role.ORDER_ENTRY}),
}

TEST = """\
cases: limits
case_kind: order
currency: EUR
as_of: 2026-07-15
tests:
  large-order-waits:
    facts: {order: {id: SO-1, amount: 50000.00}, account: {id: C-1}}
    expect: {outcome: hold, reasons: [orders.over-limit]}
...
"""


def orders_with(limit: int) -> str:
    """The small set's policy with another limit."""
    return ORDERS.replace("limit: 10000", f"limit: {limit}")


@dataclass(frozen=True, slots=True)
class PolicyActs:
    """Requests of people by their logins."""

    client: httpx2.Client
    keys: Mapping[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        sent = {**bearer(self.keys[who]), **headers}
        return self.client.request(method, f"/v1/policies{path}", json=body, headers=sent)

    def begin(self, who: str = "e.lang", limit: int = 20000, **more: Any) -> dict[str, Any]:
        files = more.pop("files", {"facts.yaml": FACTS, "orders.yaml": orders_with(limit)})
        body = {"title": f"Limit {limit}", "why": "Asked for.", "files": files, "tests": {"limits.yaml": TEST}} | more
        path = "/drafts" if who != "admin" else "/init"
        answer = self.ask(who, "POST", path, body)
        assert answer.status_code == 201, answer.text
        draft: dict[str, Any] = answer.json()
        return draft

    def edit(self, who: str, draft: Mapping[str, Any], **said: Any) -> httpx2.Response:
        revision = f'"{draft["revision"]}"'
        return self.ask(who, "PUT", f"/drafts/{draft['number']}", said, **{"If-Match": revision})

    def propose(self, who: str, number: int) -> httpx2.Response:
        return self.ask(who, "POST", f"/drafts/{number}/propose", {})

    def proposed(self, who: str = "e.lang", limit: int = 20000, **more: Any) -> dict[str, Any]:
        answer = self.propose(who, self.begin(who, limit, **more)["number"])
        assert answer.status_code == 200, answer.text
        proposal: dict[str, Any] = answer.json()
        return proposal

    def act(self, who: str, word: str, proposal: Mapping[str, Any], comment: str = "") -> httpx2.Response:
        body = {"digest": proposal["digest"], "comment": comment}
        return self.ask(who, "POST", f"/proposals/{proposal['number']}/{word}", body)

    def done(self, who: str, word: str, proposal: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.act(who, word, proposal)
        assert answer.status_code == 200, answer.text
        after: dict[str, Any] = answer.json()
        return after

    def in_force(self, limit: int, author: str = "e.lang") -> dict[str, Any]:
        """From draft to activation."""
        proposal = self.proposed(author, limit)
        self.done("a.kurz", "approve", proposal)
        return self.done("a.kurz", "activate", proposal)

    def decide(self, amount: str = "12000.00", **account: Any) -> httpx2.Response:
        body = {"as_of": "2026-07-01", "order": {"id": "SO-1", "amount": amount}, "account": {"id": "C-1", **account}}
        return self.client.post("/v1/decisions/order", json=body, headers=bearer(self.keys["orders"]))

    def activations(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask("auditor", "GET", "/activations").json()["activations"]
        return rows


def problem_of(answer: httpx2.Response) -> tuple[int, str]:
    """Status and slug."""
    return answer.status_code, str(answer.json()["type"]).rpartition("/")[2]


@contextmanager
def approved_service(
    home: Path, journal: JournalPlace | None = None, clock: Clock | None = None, *, starts: bool = True
) -> Iterator[PolicyActs]:
    """With a first set in force (limit 10,000) where `starts`."""
    place = journal or home / "var" / "credence.db"
    keys = people_with_keys(place, PEOPLE)
    settings = Settings(rules=write_rules(home / "rules"), journal=place, policies=PolicyMode.APPROVED)
    with running(settings, clock, asks_for_keys=True) as client:
        acts = PolicyActs(client, keys)
        if starts:
            first = acts.proposed("admin", 10000)
            acts.done("a.kurz", "approve", first)
            acts.done("a.kurz", "activate", first)
        yield acts
