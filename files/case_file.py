"""One case from a file: a request's facts with what to decide and when, or one test of a cases file.

What `credence decide` and `explain` read:

    {"case": "order", "as_of": "2026-07-01", "order": {"id": "SO-1", "amount": 900.00}, "account": {"id": "C-7"}}

JSON is taken as HTTP takes it, except that decimals may stand without quotes: they are read as they are written, never
through a float. YAML is kinder still and reads plain numbers by each fact's type, as policy tests do.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.diagnostics.wording import did_you_mean
from engine.reading.cases import read_cases
from engine.reading.document import Document, Node, Scalar, read
from engine.reading.document import Mapping as MappingNode
from engine.reading.fact_value import request_value
from engine.reading.fields import FACT_GROUPS, day
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.strict_json import JsonRefused, read_json_object
from engine.vocabulary.vocabulary import Kind, Vocabulary
from files.input_refused import InputRefused

_BESIDE_FACTS = ("case", "as_of", "currency", "rates")
_OF_TESTS = ("title", "expect")
"""Keys of a test that may stand in the file without meaning anything here."""
_RATE = "rates.rate"
_EXAMPLE = '{"case": "order", "order": {…}, "account": {…}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case as a file gives it.

    `case`: the case kind (`order`); None where the file doesn't say and its facts fit several. `as_of`: the day of the
    decision; None where the file doesn't say. `facts`: by group, as in a request's body. `currency`: of all amounts,
    and `rates`: what currencies are worth, both as a request carries them; None where the file doesn't say.
    """

    case: str | None
    as_of: date | None
    facts: Mapping[str, object]
    currency: object = None
    rates: object = None


def read_case(content: bytes, name: str, vocabulary: Vocabulary, test: str | None) -> CaseFile:
    """The case in a file: a request as JSON or YAML, or one test of a cases file.

    `name`: the file's, for messages; its ending says whether it is JSON, else its first character does. `test` names
    one test of a cases file. Raises InputRefused where the file can't be read, holds a key that a case doesn't have,
    names no case kind or day, or lacks that test.
    """
    if not _is_json(content, name):
        document, diagnostics = read(content, name)
        if document is None or diagnostics:
            raise InputRefused("\n".join(map(str, diagnostics)))
        if document.root.get("tests") is not None:
            return _test(document, vocabulary, test)
        body = {key.text: _plain(node, key.text, vocabulary) for key, node in document.root.entries}
    else:
        try:
            body = read_json_object(content.removeprefix(codecs.BOM_UTF8), decimals_as_text=True, example=_EXAMPLE)
        except JsonRefused as refused:
            raise InputRefused(refused.message, refused.hint, place=name) from None
    if test is not None:
        raise InputRefused(f"{name} is not a cases file, so --test {test} has nothing to choose from")
    return _case(body, name)


def _is_json(content: bytes, name: str) -> bool:
    """By the name's ending, else by how the text begins."""
    if name.endswith((".json", ".yaml", ".yml")):
        return name.endswith(".json")
    return content.lstrip()[:1] in (b"{", b"[")


def _case(body: dict[str, object], name: str) -> CaseFile:
    facts = {key: value for key, value in body.items() if key in FACT_GROUPS}
    nested = body.get("facts")
    if isinstance(nested, Mapping):
        facts |= nested
    for key in body:
        if key not in (*FACT_GROUPS, *_BESIDE_FACTS, *_OF_TESTS, "facts"):
            hint = did_you_mean(key, (*_BESIDE_FACTS, "facts", *FACT_GROUPS))
            if key == "use":
                hint = "fixtures stand in the cases file; give that file and --test NAME"
            raise InputRefused(f"{name}: `{key}` is not a key of a case ({hint})")
    case, as_of = body.get("case"), body.get("as_of")
    if case is not None and (not isinstance(case, str) or case not in CASE_KINDS):
        raise InputRefused(f"{name}: `{case}` is not a case kind ({did_you_mean(str(case), CASE_KINDS)})")
    date_ = day(as_of) if isinstance(as_of, str) else None
    if as_of is not None and date_ is None:
        raise InputRefused(f"{name}: `as_of` must be a date such as 2026-07-01, not `{as_of}`")
    return CaseFile(
        case=case or kind_of(facts),
        as_of=date_,
        facts=facts,
        currency=body.get("currency"),
        rates=body.get("rates"),
    )


def kind_of(facts: Mapping[str, object]) -> str | None:
    """The case kind that these groups of facts belong to, where only one fits best."""
    kinds = [CASE_KINDS[group] for group in facts if group in CASE_KINDS]
    # an order's facts come with its account's: a kind whose group another of them carries too is not what is decided
    meant = [kind.name for kind in kinds if not any(kind.name in other.groups for other in kinds if other is not kind)]
    return meant[0] if len(meant) == 1 else None


def _test(document: Document, vocabulary: Vocabulary, test: str | None) -> CaseFile:
    suite, diagnostics = read_cases(document, vocabulary)
    if suite is None or diagnostics:
        raise InputRefused("\n".join(map(str, diagnostics)))
    names = [case.name for case in suite.cases]
    if test is None:
        raise InputRefused(f"{document.file} holds {len(names)} tests; choose one with --test, such as {names[0]}")
    case = next((case for case in suite.cases if case.name == test), None)
    if case is None:
        hint = did_you_mean(test, names) or f"it holds {len(names)} tests, such as `{names[0]}`"
        raise InputRefused(f"{document.file} has no test `{test}` ({hint})")
    return CaseFile(case=case.case_kind, as_of=case.as_of, facts=case.facts, currency=case.currency, rates=case.rates)


def _plain(node: Node, path: str, vocabulary: Vocabulary) -> object:
    """YAML as a request would carry it; a scalar's meaning depends on the fact at `path`."""
    path = path.removeprefix("facts.")
    if path == _RATE and isinstance(node, Scalar):
        return request_value(node, Kind.NUMBER)
    if isinstance(node, MappingNode):
        return {key.text: _plain(value, f"{path}.{key.text}", vocabulary) for key, value in node.entries}
    if isinstance(node, Scalar):
        fact = vocabulary.facts.get(path)
        return request_value(node, fact.type.kind if fact else Kind.TEXT)
    return [_plain(item, path, vocabulary) for item in node.items]
