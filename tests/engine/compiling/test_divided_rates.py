"""A rate that is divided by 100 is warned of, in every place where a formula may stand; what counts percent isn't."""

from __future__ import annotations

import pytest

from engine.pipeline import load
from tests.support.policy_files import whole_set
from tests.support.small_policies import AS_OF, HEAD, engine_of

SLIPS = [
    "account.cap * account.share / 100",
    "account.cap / 100 * account.share",
    "account.share / 100 * account.cap",
    "account.cap * (account.share / 100)",
    "account.share * 0.01 * account.cap",
    "0.01 * account.cap * account.share",
    "account.cap * account.share / (100 * account.ratio)",
    "account.cap * r / 100",
    "account.cap * o / 100",
    "account.cap * v / 100",
]
SOUND = [
    "account.cap * account.share",
    "account.cap * account.points / 100",
    "account.cap * account.ratio / 100",
    "account.cap * account.share * account.points / 100",
    "5 / 100 * account.share * account.cap",
    "account.cap * account.share * 100 / 100",
    "account.cap * percent / 100",
    "account.cap * plain / 100",
    "account.cap * account.share / 365",
    "account.cap / 100",
]
RULE = "when: account.flag, then: hold, reason: {en: a, zh: 甲}"
VALUES = {
    "alone": "FORMULA",
    "within others": "if account.flag then max(FORMULA, account.cap) + account.cap else account.cap",
    "a filter": "count(account.items[FORMULA > amount])",
    "each record": "max(for i in account.items return i.amount - (FORMULA))",
    "a search": "some i in account.items satisfies i.amount > FORMULA",
}
RULES = {
    "a rule": "when: 'FORMULA > 0', then: hold, reason: {en: a, zh: 甲}",
    "a condition": f"{RULE}, conditions: {{cNUMBER: 'FORMULA'}}",
    "an action": f"{RULE}, action: {{do: litigate, amount: 'FORMULA'}}",
    "a reason": "when: account.flag, then: hold, reason: {en: '{FORMULA}', zh: 甲}",
}
ROWS = {
    "a key": "{when: {'FORMULA': '> 0'}, then: {bNUMBER: 1}}, {when: {}, then: {bNUMBER: 2}}",
    "a cell": "{when: {account.cap: '> FORMULA'}, then: {bNUMBER: 1}}, {when: {}, then: {bNUMBER: 2}}",
    "an output": "{when: {}, then: {bNUMBER: '= FORMULA'}}",
}
PLACES = {
    **{name: ("values", f"'{text}'") for name, text in VALUES.items()},
    **{name: ("rules", f"{{{text}}}") for name, text in RULES.items()},
    **{name: ("tables", f"{{hit: first, rows: [{text}]}}") for name, text in ROWS.items()},
}
"""Under which key of a policy an entry stands, and the entry with a formula in it."""

ORDERS = HEAD.replace("account", "order")
GIVEN = {
    "parameters": [
        "r: {type: rate, value: 0.05}",
        "percent: {type: rate, maximum: 100, value: 5}",
        "plain: 5",
    ],
    "tables": [
        "t: {hit: first, outputs: {o: rate},"
        " rows: [{when: {account.flag: true}, then: {o: 0.5}}, {when: {}, then: {o: 1}}]}",
    ],
    "values": ["v: {type: rate, formula: account.share * r * percent * plain * o}"],
    "rules": [],
}


def warned(place: str, formulas: list[str]) -> list[str]:
    """What is said of a policy with one entry for each formula, all of one sort."""
    part, entry = PLACES[place]
    written = [f"e{n}: {entry.replace('FORMULA', each).replace('NUMBER', str(n))}" for n, each in enumerate(formulas)]
    parts = {key: [*entries, *(written if key == part else ())] for key, entries in GIVEN.items()}
    text = "".join(
        f"{key}:\n" + "".join(f"  {each}\n" for each in entries) for key, entries in parts.items() if entries
    )
    return [str(each) for each in engine_of(text, head=ORDERS).warnings(AS_OF)]


@pytest.mark.parametrize("place", PLACES)
def test_a_rate_that_is_divided_by_100_is_named_wherever_it_stands(place: str) -> None:
    """And no formula in which something else may be what the 100 is for."""
    lines = warned(place, [*SLIPS, *SOUND])
    assert [formula for formula, line in zip(SLIPS, lines, strict=True) if f"W005 `{formula}`" not in line] == []
    assert all("is a share, 0.05 for 5%, and divided by 100 once more (leave the 100 out" in line for line in lines)


def test_values_of_records_are_named_too() -> None:
    facts = (
        "currency: EUR\nfacts:\n"
        "  account.bills: {type: list, of: {amount: money, cover: rate, points: {type: rate, maximum: 100}},"
        " title: {en: Bills, zh: 票据}}\n"
    )
    for name, named in (("cover", 1), ("points", 0)):
        for formula in (
            f"sum(for i in account.bills return i.amount * i.{name} / 100)",
            f"count(account.bills[amount * {name} / 100 > 5])",
            f"count(account.bills[item.{name} * item.amount / 100 > 5])",
            f"some i in account.bills satisfies i.amount * i.{name} * 0.01 > 5",
        ):
            assert len(_warnings(formula, facts)) == named


def _warnings(formula: str, facts: str) -> list[str]:
    loaded = load(whole_set({"p": f"{HEAD}values: {{a: '{formula}'}}\n"}, facts))
    assert loaded.engine is not None, loaded.diagnostics
    return [str(each) for each in loaded.engine.warnings(AS_OF)]
