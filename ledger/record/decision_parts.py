"""Which parts a decision's request and answer are cut into, so that each can be withheld by itself.

Of the request, each flagged fact's value (`confidential` or `personal`) is a piece; of the answer, each reason, and all
that the policies worked out (figures and results). What is left are the frames. The documents are cut, never written
anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.deciding.answer_text import answer_text
from engine.deciding.decision import Decision
from engine.vocabulary.vocabulary import Vocabulary
from ledger.record.body_parts import Body, Part, cut

REQUEST = "request"
ANSWER = "answer"

_TEXT = rb'"(?:[^"\\]++|\\.)*+"'
_LIST = rb'\[(?:[^]["]++|%b)*+\]' % _TEXT
_KEY_AND_VALUE = rb'"(%%b)"[ \t\r\n]*:[ \t\r\n]*(%b|(?!null)[-+.0-9A-Za-z]+|%b)' % (_TEXT, _LIST)
"""A key, and behind it a text, a number, a word but null, or a list that has no lists within. What doesn't fit fails at
once, however long it is: nothing is tried twice (`++`, `*+`)."""

_BACKSLASH = ord("\\")
_BLANKS = re.compile(r"[ \t\r\n]*")
_decoder = json.JSONDecoder()

Span = tuple[int, int, str]
"""Where a flagged value begins and ends, in bytes, and the fact's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flagged:
    group: str
    key: str
    name: str
    plain: bytes  # the key as it usually stands in a request
    is_distinct: bool  # no other fact has this key, nor any value of a record outside a flagged list


class FlaggedFacts:
    """The flagged facts that a request about one kind of case may carry; made once for a policy set."""

    def __init__(self, vocabulary: Vocabulary, case: str) -> None:
        facts = vocabulary.of_case(case)
        keys = [fact.name.partition(".")[2] for fact in facts]
        plain_facts = [fact for fact in facts if not (fact.confidential or fact.personal)]
        keys += [field.name for fact in plain_facts for field in fact.type.fields]
        self._flagged = tuple(
            _Flagged(
                group=fact.group,
                key=(key := fact.name.partition(".")[2]),
                name=fact.name,
                plain=key.encode(),
                is_distinct=keys.count(key) == 1,
            )
            for fact in facts
            if fact.confidential or fact.personal
        )
        self._names = {fact.plain: fact.name for fact in self._flagged if fact.is_distinct}
        self._values = re.compile(_KEY_AND_VALUE % (b"|".join(self._names) or b"(?!)"))

    def request_parts(self, raw: bytes, body: Mapping[str, Any]) -> list[Part]:
        """`raw` is the request as it was received, strict JSON in UTF-8; `body` is what it stands for."""
        present = [
            fact
            for fact in self._flagged
            if (group := body.get(fact.group)) is not None and group.get(fact.key) is not None
        ]
        if not present:
            return [Part(REQUEST, raw)]
        spans = self._quick_spans(raw, present)
        return cut(REQUEST, raw, _spans(raw, present) if spans is None else spans)

    def _quick_spans(self, raw: bytes, present: Sequence[_Flagged]) -> list[Span] | None:
        """Where each key stands once, and plainly, its value is behind it. None where any doesn't: an escape in a key,
        a text that looks like one, a key that something else has as well, a list within a list."""
        found: dict[bytes, Span] = {}
        for match in self._values.finditer(raw):
            key, (start, end) = match[1], match.span(2)
            if key in found or raw[match.start() - 1] == _BACKSLASH:  # an escaped quote: it stands within a text
                return None
            found[key] = start, end, self._names[key]
        return list(found.values()) if found.keys() == {fact.plain for fact in present} else None


def _spans(raw: bytes, present: Iterable[_Flagged]) -> list[Span]:
    """The same by reading the request as JSON once more, two levels deep."""
    text = raw.decode()
    wanted = {(fact.group, fact.key): fact.name for fact in present}
    found: list[Span] = []
    for group, start, _ in _members(text, _after_blanks(text, 0)):
        if text[start] != "{":
            continue
        for key, value, value_end in _members(text, start):
            name = wanted.get((group, key))
            if name is not None:
                before = len(text[:value].encode())
                found.append((before, before + len(text[value:value_end].encode()), name))
    return found


def _members(text: str, at: int) -> Iterable[tuple[str, int, int]]:
    """Key, start and end of the value of each member of the object that begins here."""
    at = _after_blanks(text, at + 1)
    while text[at] != "}":
        key, at = _decoder.raw_decode(text, at)
        start = _after_blanks(text, _after_blanks(text, at) + 1)
        _, end = _decoder.raw_decode(text, start)
        yield key, start, end
        at = _after_blanks(text, end)
        if text[at] == ",":
            at = _after_blanks(text, at + 1)


def _after_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def answer_parts(decision: Decision) -> tuple[bytes, list[Part]]:
    """The text of the decision, which is answered, and its parts."""
    answer, spans = answer_text(decision)
    return answer, cut(ANSWER, answer, spans)


def whole_parts(request: bytes, answer: bytes) -> tuple[Part, ...]:
    """A request and an answer of which nothing more is known, each as one part."""
    return Part(REQUEST, request), Part(ANSWER, answer)


def flagged_facts(body: Body) -> frozenset[str]:
    """Names of the facts that were confidential or personal when the record was made, among those that it holds."""
    prefix = f"{REQUEST}/"
    return frozenset(
        part.path.removeprefix(prefix).rpartition("@")[0] for part in body.parts if part.path.startswith(prefix)
    )
