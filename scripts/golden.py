"""Writes the golden corpus of this engine: `python -m scripts.golden`, into tests/golden/<SEMANTICS>.

    policies.ndjson.zst   policy sets with the standard facts of their day
    usual.ndjson.zst      requests with all bytes of their answers
    large.ndjson.zst      many more requests, with a digest of each answer

The same SEMANTICS (engine/version.py) promises the same bytes, and a test holds the engine to it. A corpus is written
once for each number; an existing one is overwritten only with --again, which is right only before the number is in use.

Requests are the policy tests of a set with a few facts changed, left out or added at random, from a fixed seed: orders,
invoices, accounts, portfolios and requests for limits, most of them ordinary, some odd.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.pipeline import Engine, load
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.version import SEMANTICS
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import date_of, day_number
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.vocabulary import Fact, Kind, Type
from ledger.policies.rules_folder import RulesFolder, read_folder
from ledger.replay.request_again import AskedAgain, CannotDecide, RecordedRequest, StoredPolicies

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden"
FOLDERS = (ROOT / "rules", ROOT / "tests" / "policies" / "2026-11")
"""The default policies as they are when the corpus is written, and a set that stays as it is."""

USUAL, LARGE = 500, 10_000
"""Requests over all sets."""

POLICIES_FILE, USUAL_FILE, LARGE_FILE = "policies.ndjson.zst", "usual.ndjson.zst", "large.ndjson.zst"
ENGINE = "golden"
"""What answers name as their engine: the corpus outlives many."""

_WHERE = ("case", "request", "as_of", "id")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of the corpus."""
    with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
        for line in stream.read().splitlines():
            yield json.loads(line)


def sets_in(folder: Path) -> dict[str, StoredPolicies]:
    """The policy sets of a corpus by their versions."""
    return {line["version"]: StoredPolicies(**line) for line in read_lines(folder / POLICIES_FILE)}


def request_of(line: Mapping[str, Any]) -> RecordedRequest:
    """What a line of the corpus asks."""
    return RecordedRequest(**{name: line[name] for name in _WHERE}, engine=ENGINE)


def digest(answer: bytes) -> str:
    """Of an answer, as the large corpus has it."""
    return sha256(answer).hexdigest()[:20]


# --- writing ---------------------------------------------------------------------------------------------------------


def write(folder: Path) -> None:
    """The corpus of this engine."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = [_Set(path) for path in FOLDERS]
    _put(folder / POLICIES_FILE, (each.stored() for each in sets))
    for name, count, is_large in ((USUAL_FILE, USUAL, False), (LARGE_FILE, LARGE, True)):
        dice = random.Random(f"{SEMANTICS} {name}")
        lines = [line for each in sets for line in each.lines(dice, count // len(sets), is_large=is_large)]
        _put(folder / name, lines)
    for each in sets:
        each.engine.close()


def _put(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    path.write_bytes(pa.Codec("zstd", compression_level=19).compress(text.encode(), asbytes=True))


class _Set:
    """A policy set and the cases that its tests tell of."""

    def __init__(self, path: Path) -> None:
        folder = read_folder(path, "rules")
        loaded = load(folder.policies)
        if loaded.engine is None:
            sys.exit(f"{path} does not check: {loaded.diagnostics[0]}")
        self.engine: Engine = loaded.engine
        self._cases = list(_cases(self.engine, folder))
        self._asked = AskedAgain(self.engine)

    def stored(self) -> dict[str, Any]:
        engine = self.engine
        return {"version": engine.version, "files": engine.files, "standard_facts": engine.standard_facts}

    def lines(self, dice: random.Random, count: int, *, is_large: bool) -> Iterator[dict[str, Any]]:
        policies = StoredPolicies(self.engine.version, self.engine.files, self.engine.standard_facts)
        while count:
            case, as_of, body = dice.choice(self._cases)
            body = self._changed(case, body, as_of, dice)
            line = {
                "policies": policies.version,
                "case": case,
                "as_of": as_of.isoformat(),
                "id": f"{dice.random():.9f}",
            }
            line["request"] = json.dumps(body, ensure_ascii=False)
            try:
                answer = self._asked.answer(policies, request_of(line))
            except CannotDecide:
                continue  # a fact that doesn't fit another: no decision, so nothing to compare
            yield line | ({"digest": digest(answer)} if is_large else {"answer": answer.decode()})
            count -= 1

    def _changed(self, case: str, body: dict[str, Any], as_of: date, dice: random.Random) -> dict[str, Any]:
        changed = {name: dict(group) if isinstance(group, dict) else group for name, group in body.items()}
        facts = [fact for fact in self.engine.vocabulary.of_case(case) if fact.type.kind is not Kind.LIST]
        for fact in dice.sample(facts, dice.choice((0, 1, 1, 2, 3, 6))):
            _change(changed, fact, as_of, dice)
        return changed


def _cases(engine: Engine, folder: RulesFolder) -> Iterator[tuple[str, date, dict[str, Any]]]:
    for name, content in sorted(folder.cases.items()):
        document, _ = read(content, name)
        suite = read_cases(document, engine.vocabulary)[0] if document else None
        if suite is None:
            continue
        groups = CASE_KINDS[suite.case_kind].groups
        for test in suite.cases:
            body: dict[str, Any] = {name: dict(test.facts[name]) for name in groups if name in test.facts}
            beside = {"currency": test.currency, "rates": test.rates}
            body |= {name: value for name, value in beside.items() if value}
            yield suite.case_kind, test.as_of, json.loads(json.dumps(body, default=str))


def _change(body: dict[str, Any], fact: Fact, as_of: date, dice: random.Random) -> None:
    group, key = fact.group, fact.name.partition(".")[2]
    if group not in body and dice.random() < 0.5:
        return
    values = body.setdefault(group, {})
    if not fact.required and dice.random() < 0.3:
        values.pop(key, None)
    elif key != "id":
        values[key] = _value(fact.type, values.get(key), as_of, dice)


def _value(type_: Type, before: object, as_of: date, dice: random.Random) -> object:
    """One that is near to what stood there, or to what is usual."""
    match type_.kind:
        case Kind.YES_NO:
            return dice.random() < 0.5
        case Kind.ENUM:
            return dice.choice(type_.members)
        case Kind.TEXT | Kind.PERSON:
            return before or dice.choice(("AT", "DE", "u.becker", "m.lehmann"))
        case Kind.DATE:
            day = day_number(as_of + timedelta(days=dice.choice((-400, -90, -31, -30, -1, 0, 1, 30, 90, 400))))
            return date_of(min(max(day, type_.low), type_.high)).isoformat()
    unit = 10**type_.scale
    usual = (0, 1, 5, 12, 30, 60, 90) if type_.kind in (Kind.DAYS, Kind.MONTHS, Kind.INTEGER) else (0, 1, 2, 0.35, 0.7)
    usual = (0, 500, 5_000, 60_000, 250_000) if type_.kind is Kind.MONEY else usual
    value = int(dice.choice(usual) * unit)
    if isinstance(before, str) and before.replace(".", "", 1).isdigit():
        value = int(float(before) * unit * dice.choice((0.5, 0.99, 1, 1.01, 1.06, 2)))
    value = min(max(value, type_.low), type_.high)
    return decimal_formatter(type_.scale)(value) if type_.scale else value


def main() -> None:
    """Refuses to overwrite what is in use."""
    folder = GOLDEN / str(SEMANTICS)
    if folder.exists() and "--again" not in sys.argv:
        sys.exit(f"{folder} is there: raise SEMANTICS where answers are to change, or give --again before it is in use")
    write(folder)
    print(*(f"{path.relative_to(ROOT)} {path.stat().st_size:,} bytes" for path in sorted(folder.iterdir())), sep="\n")


if __name__ == "__main__":
    main()
