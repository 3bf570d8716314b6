"""An engine of another release, asked from outside: what its wheel runs in a process of its own.

Line by line, JSON both ways. The process says which engine it is, then answers each request in its turn. These lines
are a promise: a wheel of today is asked by releases of years to come.

    ← {"protocol": 1, "engine": "0.2.0+5d31…"}
    → {"policies": {"version": "1c3d…", "files": {"orders.yaml": "…"}, "standard_facts": "…"}}
    → {"policies": "1c3d…", "case": "order", "request": "{…}", "as_of": "2026-07-01", "id": "01a2…"}
    ← {"answer": "{…}"}, or {"cannot": "takes the policies no more: …"}

A set is sent once before the first request that names it, and again whenever another one came between.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from engine.version import ENGINE_VERSION
from ledger.replay.request_again import AskedAgain, CannotDecide, RecordedRequest, StoredPolicies

PROTOCOL = 1


def serve() -> None:
    """Answers until standard input ends. Whatever else is printed goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asked, policies = AskedAgain(), StoredPolicies("", {}, None)
    _put(answers, {"protocol": PROTOCOL, "engine": ENGINE_VERSION})
    for line in sys.stdin.buffer:
        said = json.loads(line)
        if isinstance(said["policies"], dict):
            policies = StoredPolicies(**said["policies"])
            continue
        if said["policies"] != policies.version:
            raise RuntimeError("a request names policies that were not sent")
        try:
            answer = asked.answer(policies, _request(said))
        except CannotDecide as error:
            _put(answers, {"cannot": str(error)})
        else:
            _put(answers, {"answer": answer.decode()})


def _request(said: dict[str, Any]) -> RecordedRequest:
    members = {name: said[name] for name in ("case", "request", "as_of", "id")}
    return RecordedRequest(**members, engine=ENGINE_VERSION, dropped=tuple(said.get("dropped", ())))


def _put(answers: Any, said: dict[str, Any]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()
