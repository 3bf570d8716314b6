"""The golden corpus: what this engine answers to it is, byte for byte, what its SEMANTICS number promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.deciding.decision import Reason
from engine.version import SEMANTICS
from ledger.replay.comparison import compared
from ledger.replay.request_again import AskedAgain, CannotDecide
from scripts.golden import GOLDEN, LARGE_FILE, USUAL_FILE, digest, read_lines, request_of, sets_in
from tests.support.large import how_many

FOLDER = GOLDEN / str(SEMANTICS)
BYTES_MAX = 1_000_000
DIFFERING = "raise SEMANTICS in engine/version.py, and write a corpus for it with `python -m scripts.golden`"


class Corpus:
    """The requests of this number, answered by the engine that runs."""

    def __init__(self) -> None:
        self.sets = sets_in(FOLDER)
        self.asked = AskedAgain()
        self.usual = list(read_lines(FOLDER / USUAL_FILE))

    def faults(self, lines: list[dict[str, Any]]) -> Iterator[str]:
        """A line for each answer that is another one."""
        for number, line in enumerate(lines):
            try:
                again = self.asked.answer(self.sets[line["policies"]], request_of(line))
            except CannotDecide as error:
                yield f"request {number}: {error}"
                continue
            if "digest" in line and digest(again) != line["digest"]:
                yield f"request {number}: other bytes"
            elif "answer" in line and again != (before := line["answer"].encode()):
                yield f"request {number}: {compared(before, again)}"


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    corpus = Corpus()
    yield corpus
    corpus.asked.close()


def test_the_engine_answers_as_its_number_promises(corpus: Corpus) -> None:
    faults = list(corpus.faults(corpus.usual))
    assert faults == [], DIFFERING


def test_it_does_on_many_more_requests(corpus: Corpus) -> None:
    lines = list(read_lines(FOLDER / LARGE_FILE))
    some = lines[:: how_many(100, large=1)]
    assert list(corpus.faults(some)) == [], DIFFERING


def test_the_corpus_holds_every_kind_of_case_and_every_outcome_of_orders(corpus: Corpus) -> None:
    decided = Counter((line["case"], _outcome(line)) for line in corpus.usual)
    assert {case for case, _ in decided} == {"order", "invoice", "account", "portfolio", "limit"}
    orders = {"approve", "approve_with_conditions", "hold", "reject"}
    assert {outcome for case, outcome in decided if case == "order"} >= orders
    assert len(corpus.sets) == 2
    assert {line["policies"] for line in corpus.usual} == set(corpus.sets)
    assert all(each.gives_its_version() for each in corpus.sets.values())


def _outcome(line: Mapping[str, Any]) -> str:
    return str(line["answer"]).partition('"outcome":"')[2].partition('"')[0]


def test_one_letter_in_a_reason_is_seen(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Reason.as_json
    monkeypatch.setattr(Reason, "as_json", lambda reason: {**before(reason), "text": {"en": "Another."}})
    faults = list(corpus.faults(corpus.usual[:20]))
    assert len(faults) > 5
    assert all(fault.endswith("same decision, other wording") for fault in faults)


def test_every_number_has_its_corpus_and_all_of_them_are_small() -> None:
    folders = sorted(int(path.name) for path in GOLDEN.iterdir())
    assert folders == list(range(1, SEMANTICS + 1))
    for folder in folders:
        assert sum(_sizes(GOLDEN / str(folder))) < BYTES_MAX


def _sizes(folder: Path) -> Iterator[int]:
    return (path.stat().st_size for path in folder.iterdir())
