"""A backtest small enough to work out by hand: every figure; and that it decides as a single decision does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction

import pytest

from engine.diagnostics.diagnostic import Place
from engine.pipeline import Engine, load
from engine.vocabulary.binding import json_value
from engine.vocabulary.days import EPOCH, date_of
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Vocabulary
from receivables.account_facts import AccountFacts
from receivables.backtest.backtest import (
    BacktestTally,
    OrderSums,
    TallyKey,
    Window,
    backtest,
    outcome,
    window_of,
)
from receivables.backtest.backtest_figures import BacktestFigures, OrderGroup, RuleName, Side, differing_rules, figures
from receivables.backtest.replay import Decide, PastOrder, ReplayedOrder, decider
from receivables.backtest.replay_sql import sql_decider
from receivables.backtest.report_policy_set import policy_set_sections
from receivables.backtest.uncertainty import CustomerSums
from receivables.history.history_map import ACCOUNT_FACTS, Assumption, HistoryMap
from receivables.items import Item, dated_item
from receivables.months import quarter_of
from receivables.payment_record import ReceivablesByDay, facts_at_issue
from receivables.report.figure_formatter import FigureFormatter
from tests.support.default_policies import default_policies
from tests.support.invoice_histories import DAY, accounts_of, sample, sample_map
from tests.support.policy_files import whole_set

ORDERS = """\
policy: orders
title: {en: Orders, zh: 订单}
decides: order
rules:
  overdue:
    when: account.overdue_amount > 0
    then: hold
    reason: {en: Overdue., zh: 逾期。}
  large:
    when: order.amount > 500
    then: approve_with_conditions
    reason: {en: Large., zh: 大额。}
  slow:
    when: account.on_time_rate < 0.5
    then: reject
    if_missing: ignore
    reason: {en: Slow., zh: 拖欠。}
"""
STRICT = """\
  blocked:
    when: account.status = "blocked"
    then: hold
    reason: {en: Blocked., zh: 冻结。}
"""
PLACE = Place("map.yaml", 1, 1)


def _history_map(*assumptions: Assumption) -> HistoryMap:
    return HistoryMap(
        name="past", place=PLACE, title=Text("Past", "历史"), currency="EUR", columns=(), assumptions=assumptions
    )


MAP = _history_map()
NOTHING = Fraction(0)
ALL_DAYS = Window(DAY, DAY + 180, DAY + 190)
NAMES = {
    "orders.overdue": RuleName(Text("overdue", "逾期"), "hold", "hold"),
    "orders.large": RuleName(Text("large", "大额"), "approve_with_conditions", "hold"),
    "orders.slow": RuleName(Text("slow", "拖欠"), "reject", None),
    "orders.blocked": RuleName(Text("blocked", "冻结"), "hold", "hold"),
}


def _invoice(number: str, issued: int, settled: int | None, amount: int, disputed: bool = False) -> Item:
    day = DAY + issued
    paid = None if settled is None else DAY + settled
    return dated_item(number, number[0], day, day + 30, paid, amount, disputed=disputed)


PAST = [
    _invoice("A1", 0, 20, 10_000),  # approve; on time
    _invoice("A2", 40, 100, 20_000, disputed=True),  # approve; 30 days late
    _invoice("A3", 80, 110, 60_000),  # A2 is overdue: hold, and large; on time
    _invoice("A4", 120, 190, 10_000),  # approve; 40 days late
    _invoice("B1", 10, None, 40_000),  # approve; 150 days late at the end and still open
    _invoice("B2", 50, 90, 30_000),  # B1 is overdue: hold; 10 days late
    _invoice("B3", 180, None, 70_000),  # B1 overdue, B2 was late: reject, and large; not yet due at the end
]


def _engine(text: str) -> Engine:
    loaded = load(whole_set({"orders": text}))
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def _decide(text: str, history_map: HistoryMap = MAP) -> Decide:
    return decider(_engine(text).ruleset("order", date(2026, 7, 1)), history_map)


def _tally(*texts: str, window: Window = ALL_DAYS) -> BacktestTally:
    return backtest(accounts_of(PAST), window, [_decide(text) for text in texts])


def _figures(*texts: str) -> BacktestFigures:
    return figures(_tally(*texts), [Side(str(number), "v", NAMES) for number, _ in enumerate(texts)])


@pytest.fixture(scope="module")
def found() -> BacktestFigures:
    return _figures(ORDERS)


def _counted(group: OrderGroup) -> tuple[int, int, int, list[int]]:
    """Orders, amount, amount whose payment is known, and late amounts."""
    return group.all.count, group.all.amount, group.known.amount, [late.amount for late in group.late]


def test_orders_fall_into_the_outcomes_they_would_have_had(found: BacktestFigures) -> None:
    outcomes = found.sides[0].outcomes

    assert _counted(outcomes["approve"]) == (4, 80_000, 80_000, [70_000, 70_000, 70_000, 50_000])
    assert _counted(outcomes["approve_with_conditions"]) == (0, 0, 0, [0, 0, 0, 0])
    assert _counted(outcomes["hold"]) == (2, 90_000, 90_000, [30_000, 30_000, 0, 0])
    assert _counted(outcomes["reject"]) == (1, 70_000, 0, [0, 0, 0, 0])
    assert _counted(found.everything) == (7, 240_000, 170_000, [100_000, 100_000, 70_000, 50_000])
    assert found.everything.all.disputed_amount == 20_000


def test_holding_is_judged_as_a_forecast(found: BacktestFigures) -> None:
    first, second, third, fourth = found.sides[0].accuracy

    assert (first.days, first.lift, first.precision, first.recall) == (
        0,
        Fraction(17, 30),
        Fraction(1, 3),
        Fraction(3, 10),
    )
    assert (first.count_lift, first.count_precision, first.count_recall) == (
        Fraction(3, 4),
        Fraction(1, 2),
        Fraction(1, 4),
    )
    assert (second.days, second.lift) == (7, Fraction(17, 30))
    assert (third.days, third.lift, third.precision, third.recall) == (15, NOTHING, NOTHING, NOTHING)
    assert (fourth.days, fourth.lift, fourth.count_recall) == (30, NOTHING, NOTHING)


def test_receivables_change_as_if_held_orders_had_been_refused_or_prepaid(found: BacktestFigures) -> None:
    effect = found.sides[0].effect

    assert effect.dso == Fraction(13_000_000, 240_000)
    assert effect.dso_refused == Fraction(9_300_000, 80_000)
    assert effect.dso_prepaid == Fraction(9_300_000, 240_000)
    assert effect.overdue_share == Fraction(73, 130)
    assert effect.overdue_share_without == Fraction(70, 93)


def test_each_rule_shows_what_it_hit_and_what_it_held_alone(found: BacktestFigures) -> None:
    rules = {rule.rule: rule for rule in found.sides[0].rules}

    assert list(rules) == ["orders.overdue", "orders.large", "orders.slow"]
    assert _counted(rules["orders.overdue"].fired) == (3, 160_000, 90_000, [30_000, 30_000, 0, 0])
    assert _counted(rules["orders.overdue"].alone) == (2, 90_000, 90_000, [30_000, 30_000, 0, 0])
    assert _counted(rules["orders.large"].fired) == (2, 130_000, 60_000, [0, 0, 0, 0])
    assert rules["orders.large"].alone.all.count == 0
    assert (rules["orders.slow"].fired.all.count, rules["orders.slow"].undetermined.all.count) == (1, 0)


def test_quarters_add_up(found: BacktestFigures) -> None:
    side = found.sides[0]

    assert {name: [group.all.count for group in pair] for name, pair in side.quarters.items()} == {
        "2011-Q1": [1, 3],
        "2011-Q2": [1, 1],
        "2011-Q3": [1, 0],
    }
    second = {"approve": 10_000, "approve_with_conditions": 0, "hold": 60_000, "reject": 0}
    assert side.quarter_outcomes["2011-Q2"] == second
    assert quarter_of((date(2013, 12, 31) - EPOCH).days) == "2013-Q4"


def test_of_each_customer_what_its_orders_come_to_under_each_policy_set() -> None:
    """More than 15 days late: A2, A4 and B1; of B3 nothing is known yet. The second set holds all above 150."""
    large = "order.amount > 500\n    then: approve_with_conditions"
    stricter = ORDERS.replace(large, "order.amount > 150\n    then: hold")
    assert _tally(ORDERS, stricter).customers == {
        "A": (
            CustomerSums(amount=100_000, held=60_000, known=100_000, known_held=60_000, late=30_000, caught=0),
            CustomerSums(amount=100_000, held=80_000, known=100_000, known_held=80_000, late=30_000, caught=20_000),
        ),
        "B": (
            CustomerSums(amount=140_000, held=100_000, known=70_000, known_held=30_000, late=40_000, caught=0),
            CustomerSums(amount=140_000, held=140_000, known=70_000, known_held=70_000, late=40_000, caught=40_000),
        ),
    }


def test_orders_that_flip_name_the_rules_that_flipped_them() -> None:
    found = _figures(ORDERS, ORDERS + STRICT)

    assert found.flips == 4  # those that were approved: whether the account is blocked is not known
    (change,) = found.changes
    assert (change.before, change.after) == ("approve", "hold")
    assert (change.only_first, change.only_second) == ((), ("orders.blocked",))
    assert _counted(change.group) == (4, 80_000, 80_000, [70_000, 70_000, 70_000, 50_000])
    assert [flip.item.number for flip in found.largest_flips] == ["B1", "A2", "A1", "A4"]
    blocked = {rule.rule: rule for rule in found.sides[1].rules}["orders.blocked"]
    assert (blocked.fired.all.count, blocked.undetermined.all.count, blocked.alone.all.count) == (0, 7, 4)


def _counted_up(*cells: tuple[tuple[ReplayedOrder, ...], int]) -> BacktestTally:
    """Orders paid on time, each with what the sides decided and its amount."""
    tally = BacktestTally()
    for sides, amount in cells:
        tally.cells[TallyKey("2026-Q1", 0, sides)] = OrderSums(count=1, amount=amount)
    return tally


def test_a_flip_is_blamed_on_the_rules_that_one_side_alone_names_fired_or_not_checked() -> None:
    first = ReplayedOrder("hold", ("a", "both"), ("c", "unsure"), None)
    second = ReplayedOrder("approve", ("both", "e"), ("unsure", "f"), None)

    assert differing_rules(first, second) == (("a", "c"), ("e", "f"))
    assert differing_rules(second, first) == (("e", "f"), ("a", "c"))
    assert differing_rules(first, ReplayedOrder("reject", ("a",), ("both", "c"), None)) == (("unsure",), ())


def test_changes_stand_with_the_largest_amount_first_whatever_their_order_in_the_history() -> None:
    approved, held, rejected = (ReplayedOrder(outcome, (), (), None) for outcome in ("approve", "hold", "reject"))
    overdue = ReplayedOrder("hold", ("orders.overdue",), (), None)
    flips = [
        ((approved, held), 300),
        ((approved, overdue), 500),
        ((held, rejected), 900),
        ((approved, approved), 5_000),  # no change
        ((rejected, approved), 300),
    ]
    expected = [(900, "hold→reject"), (500, "approve→hold"), (300, "approve→hold"), (300, "reject→approve")]

    for order in (flips, flips[::-1]):
        found = figures(_counted_up(*order), [Side("1", "v", NAMES), Side("2", "v", NAMES)]).changes
        said = [(change.group.all.amount, f"{change.before}→{change.after}") for change in found]
        assert sorted(said, key=lambda entry: (-entry[0], entry[1])) == expected
        assert [amount for amount, _ in said] == [900, 500, 300, 300]
    assert found[1].only_second == ("orders.overdue",)


def test_grades_add_up_to_everything_and_ungraded_orders_stand_under_no_name() -> None:
    graded = [("approve", "A", 100), ("hold", "A", 40), ("hold", "C", 30), ("approve", None, 7)]
    cells = [((ReplayedOrder(outcome, (), (), grade),), amount) for outcome, grade, amount in graded]

    (side,) = figures(_counted_up(*cells), [Side("1", "v", NAMES)]).sides

    assert {grade: (group.all.count, group.all.amount) for grade, group in side.grades.items()} == {
        "": (1, 7),
        "A": (2, 140),
        "C": (1, 30),
    }
    assert list(side.grades) == ["", "A", "C"]


def test_a_report_says_where_no_policy_reads_a_grade(found: BacktestFigures) -> None:
    show = FigureFormatter("en", Vocabulary(currency="EUR", currency_digits=2))
    graded, ungraded = default_policies(), _engine(ORDERS)

    for engine, expected in ((graded, ()), (ungraded, ("No policy on orders reads `grading.grade`",))):
        ruleset = engine.ruleset("order", date(2026, 7, 1))
        sections = policy_set_sections(found.sides[0], ruleset, found.everything, show, "")
        (grades,) = (section for section in sections if section.title == "Grades")
        assert tuple(text.partition(",")[0] for text in grades.paragraphs) == expected


def test_a_rule_that_may_be_ignored_when_it_can_t_be_checked_shares_no_hold() -> None:
    """`orders.slow` is ignored when missing, `orders.blocked` holds then: two holds, of which none is alone."""
    names = {**NAMES, "orders.note": RuleName(Text("note", "备注"), "approve", "hold")}
    ignored = ReplayedOrder("hold", ("orders.overdue",), ("orders.slow",), None)
    both = ReplayedOrder("hold", ("orders.overdue",), ("orders.blocked",), None)
    unsure = ReplayedOrder("hold", ("orders.large",), ("orders.note",), None)
    tally = _counted_up(((ignored,), 100), ((both,), 1_000), ((unsure,), 10_000))

    rules = {rule.rule: rule.alone.all.amount for rule in figures(tally, [Side("1", "v", names)]).sides[0].rules}

    assert rules == {
        "orders.overdue": 100,
        "orders.large": 0,
        "orders.slow": 0,
        "orders.blocked": 0,
        "orders.note": 10_000,  # its outcome passes, what it does when it can't be checked doesn't
    }


def test_of_many_flips_the_largest_are_kept() -> None:
    many = [_invoice(f"A{number:03}", 0, 20, (number * 37) % 151 + 1) for number in range(150)]
    tally = backtest(accounts_of(many), ALL_DAYS, [_decide(ORDERS), _decide(ORDERS + STRICT)])

    kept = figures(tally, [Side("1", "v", NAMES), Side("2", "v", NAMES)]).largest_flips

    assert tally.flips == 150
    assert [flip.item.amount for flip in kept] == sorted((invoice.amount for invoice in many), reverse=True)[:100]


def test_only_orders_of_the_window_are_decided_but_all_before_are_known() -> None:
    tally = _tally(ORDERS, window=Window(DAY + 80, DAY + 120, DAY + 190))

    assert (tally.orders, sum(sums.amount for sums in tally.cells.values())) == (2, 70_000)
    assert {cell.decisions[0].outcome for cell in tally.cells} == {"hold", "approve"}
    assert window_of(accounts_of(PAST)) == ALL_DAYS
    later = PAST[-1]._replace(number="later", issued=ALL_DAYS.since, due=ALL_DAYS.end + 50, settled=None, disputed=True)
    disputed = later._replace(disputed_on=ALL_DAYS.end + 70)  # neither a due date nor a dispute makes it longer
    assert window_of(accounts_of([*PAST, disputed])) == ALL_DAYS
    assert window_of(accounts_of(PAST), EPOCH, date(1970, 1, 2))[:2] == (0, 1)


def test_what_was_still_open_counts_only_once_its_lateness_is_known() -> None:
    end = DAY + 61
    open_ = _invoice("A1", 0, None, 100)

    assert outcome(open_, end) == (31, 4, 61)
    assert outcome(open_, end - 1) == (30, None, 60)
    assert outcome(_invoice("A1", 0, 38, 100), end) == (8, 2, 38)


def test_what_is_waived_does_not_count_in_a_backtest_either() -> None:
    exception = (
        "a: {waives: [orders.overdue], when: 'account.id = \"A\"', from: 2011-01-01, until: 2011-12-31, by: a, "
        "approved_by: b, reason: c}\n...\n"
    )
    loaded = load(whole_set({"orders": ORDERS}) | {"exceptions.yaml": exception.encode()})
    assert loaded.engine, loaded.diagnostics
    ruleset = loaded.engine.ruleset("order", date(2011, 7, 1))
    cases = list(facts_at_issue(PAST[:4], ReceivablesByDay(PAST)))

    before, one_by_one, in_sql = _decide(ORDERS)(cases), decider(ruleset, MAP)(cases), sql_decider(ruleset, MAP)(cases)

    assert [order.rules for order in before] == [(), (), ("orders.overdue", "orders.large"), ()]
    assert [order.rules for order in one_by_one] == [(), (), ("orders.large",), ()]
    assert [order.outcome for order in one_by_one] == ["approve", "approve", "approve_with_conditions", "approve"]
    assert in_sql == one_by_one


def test_an_assumption_counts_for_every_order() -> None:
    assumed = Assumption(name="account.status", value="active", as_of=False, because=Text("", ""), place=PLACE)
    decide = _decide(ORDERS + STRICT, _history_map(assumed))
    cases = list(facts_at_issue(PAST[:1], ReceivablesByDay(PAST)))

    assert decide(cases) == [ReplayedOrder("approve", (), (), None)]
    assert _decide(ORDERS + STRICT)(cases) == [ReplayedOrder("hold", (), ("orders.blocked",), None)]


WITH_TABLE = ORDERS.replace(
    "rules:\n",
    """\
tables:
  sizes:
    hit: first
    rows:
      - {when: {order.amount: "< 150"}, then: {size: small}}
      - {when: {order.amount: "< 250"}, then: {size: medium}}
      - {when: {order.amount: "< 300"}, then: {size: medium}}
      - {when: {order.amount: "< 350"}, then: {size: medium}}
      - {when: {}, then: {size: big}}
rules:
  big:
    when: size = "big"
    then: approve_with_conditions
    reason: {en: Big., zh: 大单。}
""",
)


def test_rules_behind_the_rows_of_a_table_are_told_from_them() -> None:
    cases = [case for account in accounts_of(PAST).values() for case in facts_at_issue(account, ReceivablesByDay(PAST))]
    rules = {case[0].number: set(decided.rules) for case, decided in zip(cases, _decide(ORDERS)(cases), strict=True)}

    for (item, _), decided in zip(cases, _decide(WITH_TABLE)(cases), strict=True):
        big = {"orders.big"} if item.amount >= 35_000 else set()
        assert set(decided.rules) == rules[item.number] | big, item.number


ASSESSED = """\
  assessed:
    when: account.assessed_on = null
    then: hold
    reason: {en: Never assessed., zh: 从未评估。}
"""


@pytest.mark.parametrize("make", [decider, sql_decider])
def test_what_is_assumed_to_have_happened_on_a_day_is_not_known_before_it(make: Callable[..., Decide]) -> None:
    day = date_of(PAST[1].issued)
    assumed = Assumption(
        name="account.assessed_on", value=day.isoformat(), as_of=False, because=Text("", ""), place=PLACE
    )
    decide = make(_engine(ORDERS + ASSESSED).ruleset("order", date(2026, 7, 1)), _history_map(assumed))
    [_, second, *_] = cases = list(facts_at_issue(PAST[:4], ReceivablesByDay(PAST)))
    eve = second[0]._replace(issued=second[0].issued - 1), second[1]

    said = ["orders.assessed" in order.rules for order in decide([*cases, eve])]

    assert said == [True, False, False, False, True]


# --- the shipped policies on real invoices ---------------------------------------------------------------------------


def _cases(invoices: Sequence[Item]) -> list[PastOrder]:
    book = ReceivablesByDay(invoices)
    return [case for account in accounts_of(invoices).values() for case in facts_at_issue(account, book)]


def test_real_orders_are_decided_as_the_service_would() -> None:
    engine, history_map = default_policies(), sample_map()
    cases = _cases(sample())
    decided = decider(engine.ruleset("order", date(2026, 7, 1)), history_map)(cases)

    for (invoice, known), found in list(zip(cases, decided, strict=True))[::5]:
        day = date_of(invoice.issued)
        decision = engine.decide("order", _request(engine, history_map, invoice, known), day, "id")
        reasons = [(reason.rule, bool(reason.missing)) for reason in decision.reasons]
        assert found.outcome == decision.outcome
        assert found.rules == tuple(rule for rule, missing in reasons if not missing)
        assert found.undetermined == tuple(rule for rule, missing in reasons if missing)
        assert found.grade == decision.results["grading"]["grade"]


def _request(
    engine: Engine, history_map: HistoryMap, invoice: Item, known: AccountFacts
) -> dict[str, dict[str, object]]:
    """The facts as order entry would send them."""
    facts = engine.vocabulary.facts
    account: dict[str, object] = {"id": invoice.customer}
    for name, value in zip(ACCOUNT_FACTS, known, strict=True):
        if name in history_map.facts_from_history:
            account[name.partition(".")[2]] = json_value(value, facts[name].type)
    order: dict[str, object] = {
        "id": invoice.number,
        "amount": json_value(invoice.amount, facts["order.amount"].type),
        "payment_days": max(invoice.due - invoice.issued, 0),
    }
    body = {"order": order, "account": account}
    for part in history_map.assumptions:
        group, _, name = part.name.partition(".")
        body[group][name] = json_value(invoice.issued, facts[part.name].type) if part.as_of else part.value
    return body


def test_real_orders_are_decided_without_knowing_what_came_later() -> None:
    decide = decider(default_policies().ruleset("order", date(2026, 7, 1)), sample_map())
    day = (date(2013, 2, 25) - EPOCH).days
    invoices = sample()
    ignorant = [
        invoice._replace(settled=None) if invoice.settled is not None and invoice.settled >= day else invoice
        for invoice in invoices
        if invoice.issued <= day
    ]

    then = _by_number(_cases(ignorant), decide)

    assert len(then) > 1_400
    assert then.items() <= _by_number(_cases(invoices), decide).items()


def _by_number(cases: list[PastOrder], decide: Decide) -> dict[str, ReplayedOrder]:
    return {invoice.number: decided for (invoice, _), decided in zip(cases, decide(cases), strict=True)}


def test_the_target_is_met_on_the_part_that_nothing_was_chosen_on() -> None:
    """The last 40% of the sample's dates; docs/backtest.md has the figures."""
    accounts = accounts_of(sample())
    decide = decider(default_policies().ruleset("order", date(2026, 7, 1)), sample_map())
    tally = backtest(accounts, window_of(accounts, date(2013, 2, 25)), [decide])
    ruleset = default_policies().ruleset("order", date(2026, 7, 1))
    names = {rule.id: RuleName(Text("", ""), rule.outcome, rule.if_missing) for rule in ruleset.rules}
    found = figures(tally, [Side("rules", "v", names)])

    lift = found.sides[0].accuracy[2].lift
    assert Fraction(found.sides[0].held.all.amount, found.everything.all.amount) <= Fraction(15, 100)
    assert isinstance(lift, Fraction) and lift >= Fraction(45, 10)
