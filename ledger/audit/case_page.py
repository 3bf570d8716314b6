"""Everything about one decision as a page to print: facts, reasons, policy text of the day, approvals and proof.

The page needs nothing else and runs nothing. What stands on it comes from the record alone, and from the policy set
that the record names, whose text must give its version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES
from engine.vocabulary.text import Text
from ledger.audit import case_texts as texts
from ledger.journal.opened_records import Activation, OpenedRecord, PolicySet
from ledger.record.decision_parts import ANSWER, REQUEST
from ledger.record.log_proofs import LogProof
from receivables.report.html_page import html
from receivables.report.parts import Report, ReportTable, Section

LANGUAGES = ("en", "zh")
PERSONS = ("released_by", "second_released_by", "entered_by", "requested_by", "sales_person")
"""Facts that name who did something."""

_EXCEPTIONS, _VOCABULARY = "exceptions.yaml", "facts.yaml"
_NO_BREAK = "\u00a0"
_PLACE = re.compile(r"(.+):(\d+):\d+")


class NoCase(Exception):
    """The record holds no decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSources:
    """All that a case file is made of."""

    record: OpenedRecord
    policies: PolicySet | None
    """None: they aren't kept."""

    activation: Activation | None
    """How they took effect."""

    proof: LogProof | None
    """None: no checkpoint covers the record yet."""


def case_file(sources: CaseSources, language: str) -> str:
    """The page, in `en` or `zh`. Raises `NoCase`."""
    header, body = sources.record.header, sources.record.body
    request, answer = body.document(REQUEST), body.document(ANSWER)
    if request is None or answer is None:
        raise NoCase(f"record {header.seq} holds no decision")
    asked, decided = json.loads(request), json.loads(answer)
    page = _Page(sources, asked, decided, language)
    kind = CASE_KINDS[header.case].title[language] if header.case in CASE_KINDS else header.case
    title = page.say(texts.TITLE, case=kind, subject=str(decided.get("subject", "")))
    return html(Report(language, title, page.about(), tuple(page.sections())))


class _Page:
    def __init__(self, sources: CaseSources, asked: Any, decided: Any, language: str) -> None:
        self._sources, self._asked, self._decided, self._language = sources, asked, decided, language
        self._titles = fact_titles(sources.policies, language)

    def say(self, text: Text, **words: object) -> str:
        return text[self._language].format(**words)

    def about(self) -> tuple[tuple[str, str], ...]:
        header = self._sources.record.header
        rows = [(texts.RECORD, str(header.seq)), (texts.DECIDED, header.id), (texts.RECORDED_AT, header.at)]
        rows += [(texts.DAY, str(self._decided["as_of"])), (texts.BY, self._sources.record.actor)]
        rows += [(texts.POLICIES, header.policy), (texts.ENGINE, header.engine)]
        return tuple((self.say(name), value) for name, value in rows)

    def sections(self) -> Iterator[Section]:
        yield self._outcome()
        facts = [(self._titles.get(name, name), value, name) for name, value in _facts(self._asked)]
        yield Section(self.say(texts.FACTS), (), (self._table((texts.FACT, texts.VALUE, texts.NAME), facts),))
        worked_out = _leaves(self._decided.get("results", {}))
        yield Section(self.say(texts.WORKED_OUT), (), (self._table((texts.NAME, texts.VALUE), worked_out),))
        headings = (texts.WHAT, texts.WHO, texts.WHEN)
        yield Section(self.say(texts.APPROVALS), (), (self._table(headings, self._approvals()),))
        tables = tuple(self._policy_texts())
        yield Section(self.say(texts.POLICY_TEXT), (self._policy_note(any_texts=bool(tables)),), tables)
        yield self._proof()

    def _outcome(self) -> Section:
        outcome, reasons = self._decided["outcome"], self._decided["reasons"]
        title = self._titled(outcome)
        rows = [self._reason(each) for each in reasons]
        table = self._table((texts.RULE, texts.ASKS_FOR, texts.REASON, texts.REMEDY), rows)
        parts: tuple[ReportTable, ...] = (table,) if rows else ()
        conditions = _leaves(self._decided.get("conditions", {}))
        if conditions:
            parts += (self._table((texts.CONDITION, texts.VALUE), conditions, title=texts.CONDITIONS),)
        said = () if rows else (self.say(texts.NO_REASONS),)
        shown = title if title.casefold() == outcome else f"{title} ({outcome})"
        return Section(self.say(texts.OUTCOME, outcome=shown), said, parts)

    def _reason(self, reason: Mapping[str, Any]) -> tuple[str, ...]:
        rules = ("、" if self._language == "zh" else ", ").join(reason.get("rules", ()))
        rule = f"{reason['rule']} ({rules})" if rules else reason["rule"]
        return rule, self._titled(reason["outcome"]), self._of(reason["text"]), self._of(reason.get("remedy"))

    def _titled(self, outcome: str) -> str:
        return OUTCOME_TITLES[outcome][self._language] if outcome in OUTCOME_TITLES else outcome

    def _of(self, text: Mapping[str, str] | None) -> str:
        """In the page's language, or the first that there is."""
        return text.get(self._language, next(iter(text.values()), "")) if text else ""

    def _approvals(self) -> Iterator[tuple[str, ...]]:
        """Who put the policies into force, who approved what waives a reason, and whom the facts name."""
        activation = self._sources.activation
        if activation is not None:
            what = self.say(texts.POLICY_TOOK_EFFECT, how=activation.kind, seq=activation.seq)
            yield what, activation.actor, activation.at
        for reason in self._decided["reasons"]:
            for waiver in reason.get("waived", ()):
                why = self._of(waiver["reason"])
                what = self.say(texts.WAIVED_BY, exception=waiver["exception"], rule=reason["rule"], why=why)
                yield f"{what} ({self.say(texts.ASKED_FOR)})", waiver["by"], waiver["until"]
                yield f"{what} ({self.say(texts.APPROVED)})", waiver["approved_by"], waiver["until"]
        for name, value in _facts(self._asked):
            if name.rpartition(".")[2] in PERSONS:
                yield self.say(texts.PERSON_FACT, fact=name), value, ""

    def _policy_note(self, *, any_texts: bool) -> str:
        if any_texts:
            return self.say(texts.POLICY_NOTE)
        if self._sources.policies is None:
            return self.say(texts.NOT_KEPT)
        return self.say(texts.NO_TEXTS, files=", ".join(sorted(self._sources.policies.files)))

    def _policy_texts(self) -> Iterator[ReportTable]:
        """Of each rule that spoke and each exception that waived one, the lines from its place to the next entry."""
        files = self._sources.policies.files if self._sources.policies else {}
        places = [(match[1], int(match[2])) for match in map(_PLACE.fullmatch, self._rule_places()) if match]
        for name, first in dict.fromkeys([*places, *self._exception_places(files)]):
            if name not in files:
                continue
            rows = list(_lines_of_entry(files[name], first))
            yield ReportTable(
                title=self.say(texts.TEXT_OF, file=name),
                headings=(self.say(texts.LINE), name),
                rows=tuple((str(number), line) for number, line in rows),
                left=2,
            )

    def _rule_places(self) -> list[str]:
        return [str(reason.get("place", "")) for reason in self._decided["reasons"]]

    def _exception_places(self, files: Mapping[str, str]) -> Iterator[tuple[str, int]]:
        """File and line of each exception that waived a reason, by its key in the file of exceptions."""
        waivers = [waiver for reason in self._decided["reasons"] for waiver in reason.get("waived", ())]
        for key in (waiver["exception"].partition(".")[2] for waiver in waivers):
            for name, text in files.items():
                if name.rpartition("/")[2] == _EXCEPTIONS:
                    lines = enumerate(text.splitlines(), 1)
                    yield from ((name, number) for number, line in lines if _key_of(line) == key)

    def _proof(self) -> Section:
        proof = self._sources.proof
        if proof is None:
            return Section(self.say(texts.PROOF), (self.say(texts.NO_PROOF),))
        lines = tuple((line or _NO_BREAK,) for line in proof.text().split("\n")[:-1])
        table = ReportTable(title="", headings=(f"{self._sources.record.header.seq}.tlog-proof",), rows=lines)
        return Section(self.say(texts.PROOF), (self.say(texts.PROOF_NOTE),), (table,))

    def _table(
        self, headings: tuple[Text, ...], rows: Iterable[tuple[str, ...]], title: Text | None = None
    ) -> ReportTable:
        names = tuple(self.say(heading) for heading in headings)
        said = self.say(title) if title else ""
        return ReportTable(title=said, headings=names, rows=tuple(rows), left=len(names))


def fact_titles(policies: PolicySet | None, language: str) -> dict[str, str]:
    """What the facts are called in the policies' own vocabulary, by name; where a title can't be read, none."""
    titles: dict[str, str] = {}
    if policies is None:
        return titles
    own = [text for name, text in policies.files.items() if name.rpartition("/")[2] == _VOCABULARY]
    for text in (policies.standard_facts or "", *own):
        try:
            read = yaml.safe_load(text)
        except yaml.YAMLError:
            continue
        facts = read.get("facts") if isinstance(read, dict) else None
        for name, fact in facts.items() if isinstance(facts, dict) else ():
            title = fact.get("title") if isinstance(fact, dict) else None
            if isinstance(title, dict) and isinstance(title.get(language), str):
                titles[str(name)] = title[language]
    return titles


def _facts(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    return _leaves({name: value for name, value in asked.items() if name != "as_of"})


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    """`account.id`, `account.open_items[0].amount`, each with what stands there."""
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in _leaves(each, f"{name}.{key}" if name else key)]
    if isinstance(value, list) and value:
        return [leaf for number, each in enumerate(value) for leaf in _leaves(each, f"{name}[{number}]")]
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))]


def _lines_of_entry(text: str, first: int) -> Iterator[tuple[int, str]]:
    """A rule's own lines: the one at its place, and those that are indented further."""
    lines = text.splitlines()
    if not 0 < first <= len(lines):
        return
    indent = _indent(lines[first - 1])
    for number, line in enumerate(lines[first - 1 :], first):
        if number > first and line.strip() and _indent(line) <= indent:
            return
        yield number, line.replace(" ", _NO_BREAK, _indent(line)) or _NO_BREAK


def _key_of(line: str) -> str:
    """`  "long-terms-kn": {waives: …}` → `long-terms-kn`."""
    return line.strip().partition(":")[0].strip("'\" ")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
