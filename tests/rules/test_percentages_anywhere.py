"""5 for 5% is refused wherever a rate may stand, of facts, records and parameters: in rules, exceptions, filters,
cells, lists that are written out, policy tests and requests."""

from __future__ import annotations

import re

import pytest

from engine.pipeline import load
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.vocabulary import Fact, Kind
from tests.support.default_policies import default_policies
from tests.support.policy_files import ended, whole_set
from tests.support.random_policies import DAY
from tests.support.small_policies import HEAD, REASON

FACTS = """currency: EUR
facts:
  account.share: {type: rate, title: {en: Share, zh: 比例}}
  account.cap: {type: money, title: {en: Cap, zh: 上限}}
  account.items: {type: list, of: {amount: money, share: rate}, title: {en: Items, zh: 项目}}
"""
CONDITIONS = [
    "account.share > NUMBER",
    "NUMBER < account.share",
    "not(account.share <= NUMBER)",
    "account.share in [NUMBER, 1]",
    "account.share in (NUMBER..HIGH]",
    "account.share between NUMBER and HIGH",
    "list contains([NUMBER], account.share)",
    "some x in [0.1, NUMBER] satisfies account.share > x",
    "max(account.share, NUMBER) > 0.1",
    "mean(account.share, NUMBER) > 0.1",
    "account.share + NUMBER > 0.1",
    "(if account.cap > 1 then NUMBER else account.share) > 0.1",
    "account.share > p",
    "account.share in [p, 1]",
    "count(account.items[share > NUMBER]) > 1",
    "count(account.items[item.share > p]) > 1",
    "some i in account.items satisfies i.share > NUMBER",
    "every i in account.items satisfies i.share in [NUMBER..HIGH]",
    "max(account.items.share) > NUMBER",
    "list contains(account.items.share, NUMBER)",
    "account.cap > account.cap * (1 + p)",
    "account.cap > (1 - p) * account.cap",
    "account.cap > account.cap / (p + 1)",
]
RULE = f"then: watch, reason: {REASON}"
KEY = "{when: {'WHEN': true}, then: {bN: true}}, {when: {}, then: {bN: false}}"
OUTPUT = "{when: {account.cap: '> 5'}, then: {bN: '= WHEN'}}, {when: {}, then: {bN: false}}"
PLACES = {
    "a rule": ("rules", f"{{when: 'WHEN', {RULE}}}"),
    "a list of conditions": ("rules", f"{{when: [account.cap > 5, 'WHEN'], {RULE}}}"),
    "a reason": ("rules", "{when: account.cap > 5, then: watch, reason: {en: '{WHEN}', zh: 甲}}"),
    "a value": ("values", "'WHEN'"),
    "a filter": ("values", "'count(account.items[amount > 5 and (WHEN)])'"),
    "a key": ("tables", f"{{hit: first, rows: [{KEY}]}}"),
    "an output": ("tables", f"{{hit: first, rows: [{OUTPUT}]}}"),
    "an exception": ("exceptions", "account.cap > 7 and (WHEN)"),
}
EXCEPTION = (
    "  waives: [p.r]\n  from: 2026-02-01\n  until: 2026-07-15\n  by: a.first\n  approved_by: b.second\n"
    "  reason: agreed\n"
)
NAME = re.compile(r"\bp\b")


def entries(place: str, number: str) -> dict[str, bytes]:
    """A set with an entry for each condition, one a line, in which this number stands."""
    section, entry = PLACES[place]
    high = "1" if number.startswith("0") else "100"
    lines = []
    for index, condition in enumerate(CONDITIONS):
        if place == "a filter" and "account.items" in condition:  # a list within a list
            condition = CONDITIONS[0]
        when = condition.replace("NUMBER", number).replace("HIGH", high)
        when = NAME.sub("p.p", when) if section == "exceptions" else when
        lines.append(entry.replace("WHEN", when).replace("bN", f"b{index}"))
    parameters = f"parameters: {{p: {number}}}\n"
    if section == "exceptions":
        text = parameters + f"rules: {{r: {{when: account.cap > 5, {RULE}}}}}\n"
        exceptions = "".join(f"e{n}:\n  when: '{line}'\n{EXCEPTION}" for n, line in enumerate(lines))
        return whole_set({"p": HEAD + text}, FACTS) | {"exceptions.yaml": ended(exceptions).encode()}
    written = "".join(f"  e{n}: {line}\n" for n, line in enumerate(lines))
    return whole_set({"p": f"{HEAD}{parameters}{section}:\n{written}"}, FACTS)


@pytest.mark.parametrize("place", PLACES)
def test_a_percentage_is_refused_and_a_share_is_not(place: str) -> None:
    for number in ("5", "80"):
        found = load(entries(place, number)).diagnostics
        assert {each.code for each in found} == {"T010"}
        assert len({each.place.line for each in found}) == len(CONDITIONS), "\n".join(map(str, found))
    assert [each for each in load(entries(place, "0.05")).diagnostics if each.code[0] != "L"] == []


RATES = [fact for fact in default_policies().vocabulary.facts.values() if fact.type.kind is Kind.RATE]
SHARES = [fact for fact in RATES if fact.type.high == 10**fact.type.scale]


@pytest.mark.parametrize("fact", SHARES, ids=lambda fact: fact.name)
def test_a_fact_of_a_request_and_of_a_policy_test_is_no_percentage(fact: Fact) -> None:
    """All but the debt ratio, which may be above 100%."""
    engine, case = default_policies(), fact.group
    assert len(SHARES) == len(RATES) - 1
    for written in ("5", 5, "100", "1.000001"):
        with pytest.raises(FactsRefused) as refusal:
            engine.bind(case, {fact.group: {fact.name.partition(".")[2]: written}}, DAY)
        assert fact.name in {fault.path for fault in refusal.value.faults}
    short = fact.name.partition(".")[2]
    text = (
        f"cases: c\ncase_kind: {case}\nas_of: {DAY}\ntests:\n"
        f"  t: {{facts: {{{fact.group}: {{{short}: 5}}}}, expect: {{reasons: []}}}}\n...\n"
    )
    document, _ = read(text.encode(), "cases.yaml")
    assert document is not None
    assert any("P042" in str(each) and short in str(each) for each in read_cases(document, engine.vocabulary)[1])
