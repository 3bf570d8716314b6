"""A decision as the text that is answered, and where its reasons and results stand in it.

Verb behind `Decision`. It is the engine's, so that whatever writes the bytes is part of the engine's version: an engine
of the same name gives the same bytes.

    {"id":…,"outcome":"hold","reasons":[{…},{…}],…,"figures":[…],…,"results":{…},…}
                                        ^^^  ^^^    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from pydantic_core import to_json

from engine.deciding.decision import Decision, PassedRule

PASSED_KEPT = 4_096
"""Rules whose texts are kept, some hundred bytes each."""

AnswerSpan = tuple[int, int, str]
"""Where a piece begins and ends, in bytes, and what it is: `reason.0`, `results`."""


def answer_text(decision: Decision) -> tuple[bytes, list[AnswerSpan]]:
    """The text of `decision.as_json()` in UTF-8, and its pieces in their order: each reason, and all that the policies
    worked out."""
    told = decision.as_json_without_rules()
    names = list(told)
    reasons, passed, figures, results = (names.index(name) for name in ("reasons", "passed", "figures", "results"))
    pieces = [to_json(reason.as_json()) for reason in decision.shown_reasons]
    start = b'%b,"reasons":[' % _json(told, names[:reasons])[:-1]
    told_passed = b",".join(map(_passed, decision.passed))
    middle = b'],%b,"passed":[%b],' % (_json(told, names[reasons + 1 : passed])[1:-1], told_passed)
    worked_out = _json(told, names[figures : results + 1])[1:-1]
    answer = b"%b%b%b%b,%b" % (start, b",".join(pieces), middle, worked_out, _json(told, names[results + 1 :])[1:])
    spans, at = [], len(start)
    for number, piece in enumerate(pieces):
        spans.append((at, at + len(piece), f"reason.{number}"))
        at += len(piece) + 1
    at += len(middle) - (1 if pieces else 0)
    spans.append((at, at + len(worked_out), "results"))
    return answer, spans


def _json(told: Mapping[str, object], names: Iterable[str]) -> bytes:
    return to_json({name: told[name] for name in names})


@lru_cache(maxsize=PASSED_KEPT)
def _passed(rule: PassedRule) -> bytes:
    """Most of a rule set's rules, in nearly every decision."""
    return to_json(rule.as_json())
