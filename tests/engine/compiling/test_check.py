"""What `credence check` says about names, units, tables and rules: mistakes beside the diagnostics they must give.

`mistakes/conditions.txt`, `actions.txt` and `policies.txt` hold one mistake a paragraph, in the format of
tests/support/mistakes.py. Here are those that need several files.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.compiling.decided_names import decided_names
from engine.lowering.sql.portability import portability_mistakes
from engine.pipeline import load
from engine.reading.cases import read_cases
from engine.reading.document import read
from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.mistakes import NOTHING, Mistake, assert_diagnostics, each_mistake, mistakes_in
from tests.support.paths import ROOT
from tests.support.policy_files import whole_set
from tests.support.small_policies import FACTS, HEAD, REASON, check, engine_of

MISTAKES = Path(__file__).parent / "mistakes"
RULE = f"rules:\n  r:\n    when: WHEN\n    then: review\n    reason: {REASON}\n"


@each_mistake(MISTAKES / "conditions.txt", MISTAKES / "policies.txt", MISTAKES / "actions.txt")
def test_all_that_is_wrong_with_a_policy_is_said(mistake: Mistake) -> None:
    diagnostics = load(whole_set({"p": mistake.text}, FACTS.format(currency="EUR"))).diagnostics
    assert_diagnostics(mistake, diagnostics, "p.yaml")


def test_messages_keep_to_the_style() -> None:
    """Lower case, no final period, and no line that a terminal would have to wrap many times."""
    for path in (ROOT / "tests").rglob("mistakes/*.txt"):
        for line in (line for mistake in mistakes_in(path) for line in mistake.expected if line != NOTHING):
            found = re.fullmatch(r"(?:[\w.]+:)?\d+:\d+: [A-Z]\d{3} (.*)", line)
            assert found, line
            message = found[1]
            assert message[0] == "`" or message[0].islower(), line
            assert not message.endswith("."), line
            assert len(message) < 250, line


OTHER = "policy: q\ntitle: {en: Q, zh: 乙}\ndecides: DECIDES\nparameters: {top: 3}\nvalues: {sum_up: account.cap}\n"


def other(decides: str) -> str:
    group = {"invoice": "invoice.open_amount", "portfolio": "portfolio.receivables", "order": "order.amount"}
    return OTHER.replace("DECIDES", decides).replace("account.cap", group.get(decides, "account.cap"))


def test_a_name_of_another_policy_is_suggested() -> None:
    said = check(
        RULE.replace("WHEN", "account.cap > sum_up or account.cap > q.sumup or q.topp > 1"), q=other("account")
    )
    assert said == [
        "6:25: N001 unknown name `sum_up` (did you mean `q.sum_up`?)",
        "6:49: N001 unknown name `q.sumup` (did you mean `q.sum_up`?)",
        "6:60: N001 unknown name `q.topp` (did you mean `q.top`?)",
    ]


@pytest.mark.parametrize("decides", ["order", "invoice", "portfolio"])
def test_an_account_s_policy_reads_only_accounts(decides: str) -> None:
    (said,) = check(RULE.replace("WHEN", "account.cap > q.sum_up"), q=other(decides))
    assert said == (
        f"6:25: N003 `q.sum_up`: a policy that decides `account` can't read `q.sum_up`, which decides `{decides}` "
        "(policies read their own case kind and, for orders, invoices and limits, accounts)"
    ).replace("`q.sum_up`: ", "")


def test_a_policy_may_be_defined_once() -> None:
    assert check("values: {a: 1}\n", q=HEAD + "values: {b: 1}\n") == [
        "q.yaml:1:9: N005 the policy `p` is defined at p.yaml:1:9 and at q.yaml:1:9 (give one of the two another name)"
    ]


def test_a_condition_may_be_set_by_one_rule() -> None:
    head = "policy: p\ntitle: {en: P, zh: 策略}\ndecides: order\n"
    rule = f"{{when: account.flag, then: hold, reason: {REASON}, conditions: {{deposit: order.amount}}}}"
    said = check(f"rules:\n  a: {rule}\n  b: {rule}\n", head=head)
    assert said == [
        "6:76: N006 the condition `deposit` is set at p.yaml:5:76 and at p.yaml:6:76 "
        "(let one of the two set it, with `max()` or `if`, or give one another name)"
    ]


WRITTEN = {
    "'0,05'": "0,05 0.05",
    "'12,5 %'": "12,5 % 0.125",
    "-5%": "-5% -0.05",
    "10_000": "10_000 10000",
    "10 000": "10 000 10000",
    "10'000": "10'000 10000",
    '"1000"': "1000 1000",
    "'1,000'": "1,000 1000",
    "'1,000.50'": "1,000.50 1000.50",
    "'1.000,5'": "1.000,5 1000.5",
    "1.000.000": "1.000.000 1000000",
    "€ 500": "€ 500 500",
    "500 EUR": "500 EUR 500",
    "{2026-01-01: 5%, 2026-07-01: 4%}": "5% 0.05",
}


@pytest.mark.parametrize(("literal", "meant"), WRITTEN.items())
def test_a_number_that_yaml_takes_for_text_is_said_where_it_is_written(literal: str, meant: str) -> None:
    written, _, number = meant.rpartition(" ")
    said = check(f"parameters:\n  top: {literal}\n{RULE.replace('WHEN', 'account.points > 1 + top')}")
    place = "5:21" if literal.startswith("{") else "5:8"
    hint = f"write {number}, or give it `type: text` if it is a word"
    assert said[0] == f"{place}: T009 `{written}` is text, not a number ({hint})"
    assert len(said) == (2 if literal.startswith("{") else 1)


@pytest.mark.parametrize("word", ["net 60", "2/10 net 60", "2026-01-01", "1.2.3", "A1", "AAA", "north"])
def test_a_word_with_digits_is_no_number(word: str) -> None:
    said = check(f"parameters:\n  top: {word}\n{RULE.replace('WHEN', 'account.word = top')}")
    assert not [line for line in said if "T009" in line]


def test_a_parameter_that_a_text_or_another_policy_reads_is_used() -> None:
    text = RULE.replace("{en: a, zh: 甲}", '{en: "{top}", zh: "{top}"}').replace("WHEN", "account.flag")
    assert check("parameters: {top: 3}\n" + text) == []
    assert check("parameters: {top: 3}\n", q=HEAD.replace("policy: p", "policy: q") + "values: {a: p.top}\n") == []


def test_a_misspelled_parameter_is_not_called_unused() -> None:
    said = check("parameters: {top: 3}\n" + RULE.replace("WHEN", "account.points > tpo"))
    assert said == ["7:28: N001 unknown name `tpo` (did you mean `top`?)"]


def test_a_criterion_on_a_required_fact_may_keep_its_band_for_missing() -> None:
    bands = "{'< 5': 0, '>= 5': 1, null: 4}"
    assert check(f"scorecard: {{total: t, criteria: {{c: {{input: account.level, bands: {bands}}}}}}}\n") == []


def test_a_circle_through_two_policies_is_said_once_and_nothing_else() -> None:
    said = check("values: {a: q.b + 1, c: a * 2}\n", q=HEAD.replace("policy: p", "policy: q") + "values: {b: p.a}\n")
    assert said == ["4:10: N002 a circle: `p.a` → `q.b` → `p.a` (work one of them out without the others)"]


def test_a_function_and_a_loop_variable_read_no_value_of_that_name() -> None:
    assert check("values: {floor: floor(account.cap), x: 'some x in [1, 2] satisfies account.points = x'}\n") == []


def test_mistakes_of_several_files_stand_in_order() -> None:
    wrong = RULE.replace("WHEN", "account.poinst > 1")
    said = check(
        wrong, a=HEAD.replace("policy: p", "policy: a") + wrong, z=HEAD.replace("policy: p", "policy: z") + wrong
    )
    assert [line.split(" ")[0] for line in said] == ["a.yaml:6:11:", "6:11:", "z.yaml:6:11:"]


def test_a_mistake_in_every_stretch_of_dates_is_said_once() -> None:
    dated = "parameters: {cap: {2026-01-01: 1, 2026-02-01: 2, 2026-03-01: 3}}\n"
    (said,) = check(dated + RULE.replace("WHEN", "account.points > cap + account.wait"))
    assert said.startswith("7:11: T001 `account.points > cap + account.wait`: a count and days can't be compared")


LISTED = ",".join(map(str, range(150)))
HOSTILE = {
    "(" * 90 + "account.points" + ")" * 90 + " > 1": "",
    " and ".join(["account.points > 1"] * 90): "",
    " + ".join(["account.ratio"] * 90) + " > 1": "",
    f"some a in [{LISTED}] satisfies some b in [{LISTED}] satisfies some c in [{LISTED}] satisfies a = b": "T003",
    "((account.ratio ** 30) ** 30) ** 30 > 1": "T005",
    "account.ratio > 0." + "9" * 5_000: "T005",
    "account.ratio > " + "9" * 5_000: "T005",
    "account.points in [" + ",".join(map(str, range(3_000))) + "]": "L007",
}


@pytest.mark.parametrize(("condition", "code"), HOSTILE.items(), ids=lambda value: str(value)[:20])
def test_hostile_conditions_are_answered_soon(condition: str, code: str) -> None:
    said = check(RULE.replace("WHEN", f"'{condition}'"))
    assert [line.split(" ")[1] for line in said] == ([code] if code else [])


def test_a_policy_that_reads_a_changed_parameter_through_others_is_compiled_again() -> None:
    dated = "parameters: {top: {2026-01-01: 1, 2026-02-01: 2, 2026-03-01: 12}}\nvalues: {same: 1, level: top}\n"
    table = 'table: {hit: first, rows: [{when: {account.points: "> top"}, then: {x: 1}}, {when: {}, then: {x: 2}}]}\n'
    (said,) = check(dated + table)
    assert said.startswith("6:53: L004 the row `p.table#1` can never be hit: `account.points > top` is never true")


def test_a_policy_test_of_a_kind_without_rules_expects_the_reason_no_rules() -> None:
    """See tests/api/cli/test_cli_check.py for what is said of other names."""
    engine = engine_of("values: {a: account.cap}\n")
    cases = "cases: c\ncase_kind: KIND\nas_of: 2026-07-01\ntests: {t: {facts: {account: {id: C, level: 1}}, EXPECT}}\n"
    expect = "expect: {outcome: review, reasons: [no-rules], undetermined: [p.a], results: {p.a: null, p.b: 1}}"
    document, _ = read(cases.replace("KIND", "account").replace("EXPECT", expect).encode(), "c.yaml")
    assert document is not None
    _, said = read_cases(document, engine.vocabulary, decided_names(engine.policies.values()))
    assert [f"{found.code} {found.message} ({found.hint})" for found in said] == [
        "N010 `p.a` is no rule or table in decisions about accounts ()",
        "N010 `p.b` is no result in decisions about accounts (did you mean `p.a`?)",
    ]


# --- bulk ------------------------------------------------------------------------------------------------------------

DATED = """parameters:
  factor: {2026-01-01: 2, 2030-01-01: 7000000000000000000, 2031-01-01: 3}
values:
  index: account.ratio * account.ratio * account.cap * factor
"""


def test_bulk_is_checked_on_every_stretch_of_dates() -> None:
    assert [str(found) for found in portability_mistakes(engine_of(DATED).rulesets())] == [
        "p.yaml:7:10: B002 this policy can't run in bulk: a number here can have more than 38 digits "
        "(give a part a name of its own under `values`, where it is rounded, or give a fact narrower bounds)"
    ]
    assert portability_mistakes(engine_of(DATED.replace("2030-01-01: 7000000000000000000, ", "")).rulesets()) == ()


@pytest.mark.parametrize("kind", list(CASE_KINDS))
def test_bulk_is_checked_for_every_case_kind(kind: str) -> None:
    outcome = CASE_KINDS[kind].ladder[-1]
    rule = RULE.replace("WHEN", f"'\"A\" = lower case({kind}.id)'").replace("review", outcome)
    engine = engine_of(rule, head=HEAD.replace("account", kind))
    assert [f"{found.place} {found.code}" for found in portability_mistakes(engine.rulesets())] == ["p.yaml:6:12 B001"]


# --- files that can't be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken", ["policy: q\n  x: 1\n: {\n", "policy: q\ntitle: Q\ndecides: account\nvalues: {sum_up: 1 +}\n", "\x00", ""]
)
def test_an_unreadable_policy_gives_no_follow_ups(broken: str) -> None:
    condition = "q.sum_up > 1 and account.poinst > 1 and r.sum_up > 1"
    said = check(RULE.replace("WHEN", condition), q=broken)
    assert [line for line in said if not line.startswith("q.yaml")] == [
        "6:28: N001 unknown name `account.poinst` (did you mean `account.points`?)",
        "6:51: N001 unknown name `r.sum_up`",
    ]
    assert any(line.startswith("q.yaml:") for line in said)


def test_an_unreadable_policy_is_known_by_its_own_name_too() -> None:
    said = check(RULE.replace("WHEN", "q.sum_up > 1"), another="policy: q\ntitle: Q\nvalues: [\n")
    assert not [line for line in said if "N001" in line]


def test_site_facts_with_a_mistake_give_no_follow_ups() -> None:
    facts = FACTS.format(currency="EUR").replace("type: enum, members: [north, south, east]", "type: enmu")
    policy = HEAD + RULE.replace("WHEN", 'account.region = "north" and account.regoin = "x"')
    loaded = load(whole_set({"p": policy}, facts))
    assert [f"{found.place} {found.code}" for found in loaded.diagnostics] == [
        "facts.yaml:3:26 P007",
        "p.yaml:6:40 N001",
    ]


def test_a_rules_folder_without_policies_decides_nothing() -> None:
    assert [found.code for found in load({}).diagnostics] == ["P000", "P035"]
    found = load({"facts.yaml": b"currency: EUR\npolicies: [p]\n...\n"}).diagnostics
    assert [diagnostic.code for diagnostic in found] == ["P000", "N011"]


CODES = 'currency: EUR\nfacts: {account.code: {type: enum, members: ["0001", N/30, 30-60], title: {en: C, zh: 码}}}\n'


@pytest.mark.parametrize("cell", ["'0001'", "N/30", "30-60", "[N/30]", "[30-60]", "not(N/30)", "not(0001)"])
def test_a_word_that_feel_reads_as_a_formula_is_known_and_how_to_quote_it_is_said(cell: str) -> None:
    rows = f"[{{when: {{account.code: {cell}}}, then: {{x: 1}}}}, {{when: {{}}, then: {{x: 2}}}}]"
    table = f"table: {{hit: first, rows: {rows}}}\n"
    word = next(each for each in ("0001", "N/30", "30-60") if each in cell)
    quoted = f"'\"{word}\"'"

    [said] = load(whole_set({"p": HEAD + table}, CODES)).diagnostics
    assert f"in both kinds of quotes, {quoted}" in said.hint, said

    as_hinted = table.replace(cell, quoted)
    assert load(whole_set({"p": HEAD + as_hinted}, CODES)).diagnostics == ()
