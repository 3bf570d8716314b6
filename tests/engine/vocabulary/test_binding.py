"""The binder: each type's values, each fault, all faults at once, and what strangers send."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diagnostics.diagnostic import Place
from engine.vocabulary.binding import Binder, FactsRefused, Value, bound_value, json_value
from engine.vocabulary.decimals import JsonDecimal
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import DATE, FORMULA_BOUND, PERSON, TEXT, YES_NO, Fact, Future, Kind, Type

HERE = Place("facts.yaml", 1, 1)


def fact(name: str, type_: Type, required: bool = False) -> Fact:
    return Fact(name=name, type=type_, title=Text(name, name), note=None, required=required, example=None, place=HERE)


FACTS = (
    fact("account.id", TEXT, required=True),
    fact("account.cap", Type(Kind.MONEY, scale=2, low=-(10**15), high=10**15)),
    fact("account.yen", Type(Kind.MONEY, scale=0, low=0, high=10**15)),
    fact("account.share", Type(Kind.RATE, scale=6, low=0, high=10**6)),
    fact("account.ratio", Type(Kind.NUMBER, scale=6, low=-(10**12), high=10**12)),
    fact("account.points", Type(Kind.INTEGER, scale=0, low=0, high=10)),
    fact("account.wait", Type(Kind.DAYS, scale=0, low=-5, high=5)),
    fact("account.term", Type(Kind.MONTHS, scale=0, low=0, high=24)),
    fact("account.day", DATE),
    fact("account.color", Type(Kind.ENUM, members=("red", "blue"))),
    fact("account.word", TEXT),
    fact("account.flag", YES_NO),
    fact("account.keeper", PERSON),
    fact("account.seen_on", replace(DATE, future=Future.REFUSED)),
    fact("account.noted_on", replace(DATE, future=Future.UNKNOWN)),
)
BINDER = Binder("account", FACTS)


def bind(name: str, raw: object) -> Value:
    values = BINDER.bind({"account": {"id": "C-1", name: raw}})
    return values[next(index for index, fact in enumerate(FACTS) if fact.name == f"account.{name}")]


@pytest.mark.parametrize(
    ("name", "raw", "bound"),
    [
        ("cap", "1250.00", 125_000),
        ("cap", "1250.5", 125_050),
        ("cap", "1250", 125_000),
        ("cap", 1250, 125_000),
        ("cap", "-0.01", -1),
        ("cap", "-0", 0),
        ("cap", "1250.0000", 125_000),
        ("cap", "-1250.5" + "0" * 37, -125_050),
        ("cap", JsonDecimal("12.500"), 1_250),
        ("yen", "15.0", 15),
        ("share", "0.0500000000", 50_000),
        ("keeper", "U.Becker ", "u.becker"),
        ("cap", "10000000000000.00", 10**15),
        ("cap", None, None),
        ("yen", "15", 15),
        ("share", "0.05", 50_000),
        ("share", 1, 10**6),
        ("share", "0.000001", 1),
        ("ratio", "-1.35", -1_350_000),
        ("points", 0, 0),
        ("points", 10, 10),
        ("wait", -5, -5),
        ("term", 24, 24),
        ("day", "1970-01-01", 0),
        ("day", "1900-01-01", DATE.low),
        ("day", "2199-12-31", DATE.high),
        ("day", "2024-02-29", 19_782),
        ("color", "red", "red"),
        ("word", "Müller & Söhne, 北京", "Müller & Söhne, 北京"),
        ("word", "x" * 200, "x" * 200),
        ("flag", True, True),
        ("flag", False, False),
    ],
)
def test_what_a_value_is_bound_to(name: str, raw: object, bound: Value) -> None:
    found = bind(name, raw)
    assert found == bound
    assert type(found) is type(bound)


DECIMAL = "is not a plain decimal number"
WHOLE = "is not a whole number"
RANGE = "is out of range"


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("cap", "1,250.00", DECIMAL),
        ("cap", "1_000", DECIMAL),
        ("cap", "1E+1000000", DECIMAL),
        ("cap", "1e3", DECIMAL),
        ("cap", "NaN", DECIMAL),
        ("cap", "Infinity", DECIMAL),
        ("cap", "٣", DECIMAL),
        ("cap", "１", DECIMAL),
        ("cap", "²", DECIMAL),
        ("cap", " 1", DECIMAL),
        ("cap", "1\n", DECIMAL),
        ("cap", "+1", DECIMAL),
        ("cap", "01", DECIMAL),
        ("cap", ".5", DECIMAL),
        ("cap", "5.", DECIMAL),
        ("cap", "", DECIMAL),
        ("cap", "0x10", DECIMAL),
        ("cap", "9" * 100_000, DECIMAL),
        ("cap", "0." + "0" * 100_000, DECIMAL),
        ("cap", "−1", DECIMAL),
        ("cap", "1.001", "has more than 2 decimals"),
        ("cap", "1.00" + "0" * 30 + "1", "has more than 2 decimals"),
        ("cap", "1." + "0" * 39, DECIMAL),
        ("yen", "1.01", "has more than 0 decimals"),
        ("cap", 12.5, "is a floating-point number, which is not exact"),
        ("cap", float("nan"), "is a floating-point number, which is not exact"),
        ("cap", float("inf"), "is a floating-point number, which is not exact"),
        ("cap", True, "is not a number"),
        ("cap", [1], "is not a number"),
        ("cap", {}, "is not a number"),
        ("cap", Decimal(1), "is not a number"),
        ("cap", "10000000000000.01", RANGE),
        ("cap", "-10000000000000.01", RANGE),
        ("cap", 10**5000, RANGE),
        ("cap", -(10**5000), RANGE),
        ("share", "1.000001", RANGE),
        ("points", 10**5000, RANGE),
        ("points", 11, RANGE),
        ("points", -1, RANGE),
        ("points", "5", WHOLE),
        ("points", 5.0, WHOLE),
        ("points", True, WHOLE),
        ("points", None.__class__, WHOLE),
        ("wait", 6, RANGE),
        ("term", -1, RANGE),
        ("day", "2026-02-29", "is not a day of the calendar"),
        ("day", "2026-13-01", "is not a day of the calendar"),
        ("day", "0000-01-01", "is not a day of the calendar"),
        ("day", "1899-12-31", RANGE),
        ("day", "2200-01-01", RANGE),
        ("day", "2026-1-1", "is not a date"),
        ("day", "20260101", "is not a date"),
        ("day", "2026-01-01T00:00:00", "is not a date"),
        ("day", "٢٠٢٦-٠١-٠١", "is not a date"),
        ("day", 20260101, "is not a date"),
        ("color", "green", "is not one of the known words"),
        ("color", "Red", "is not one of the known words"),
        ("color", 1, "is not one of the known words"),
        ("color", ["red"], "is not one of the known words"),
        ("flag", "true", "is neither true nor false"),
        ("flag", 1, "is neither true nor false"),
        ("flag", 0, "is neither true nor false"),
        ("word", 5, "is not text"),
        ("word", "x" * 201, "is longer than 200 characters"),
        ("word", "a\x00b", "holds control characters"),
        ("word", "a\nb", "holds control characters"),
        ("word", "a\x9bb", "holds control characters"),
        ("word", "\ud800", "holds control characters"),
        ("word", "", "is empty"),
        ("word", " \u3000", "is empty"),
        ("id", "", "is empty"),
        ("id", " \u3000", "is empty"),
        ("id", None, "is required"),
        ("id", 5, "is not text"),
    ],
    ids=lambda value: str(value)[:30].encode("unicode_escape").decode() if not isinstance(value, int) else "number",
)
def test_each_fault_is_named_at_its_fact(name: str, raw: object, message: str) -> None:
    with pytest.raises(FactsRefused) as refused:
        bind(name, raw)
    (fault,) = refused.value.faults
    assert (fault.path, fault.message) == (f"account.{name}", message)
    assert len(str(fault)) < 200
    str(refused.value).encode()


def test_all_faults_are_said_at_once_in_the_order_of_their_names() -> None:
    body: dict[str, object] = {
        "account": {"cap": 1.5, "points": "x", "colr": "red", "flag": True, "day": "soon"},
        "order": {"amount": 1},
        "acount": None,
    }
    with pytest.raises(FactsRefused) as refused:
        BINDER.bind(body)
    assert [str(fault) for fault in refused.value.faults] == [
        'account.cap: is a floating-point number, which is not exact (send money as text, such as "1.25")',
        "account.colr: unknown fact (did you mean `account.color`?)",
        'account.day: is not a date (send dates as text, such as "2026-07-01")',
        "account.id: is required",
        "account.points: is not a whole number (send integer as a whole number without quotes)",
        "acount: unknown group of facts (expected account)",
        "order: unknown group of facts (expected account)",
    ]


@pytest.mark.parametrize("members", [[], "x", 5, True])
def test_a_group_must_be_an_object(members: object) -> None:
    with pytest.raises(FactsRefused, match="account: must be an object of facts"):
        BINDER.bind({"account": members})


@pytest.mark.parametrize("body", [{}, {"account": None}, {"account": {}}, {"account": {"id": None}}])
def test_absent_and_null_are_the_same(body: dict[str, object]) -> None:
    with pytest.raises(FactsRefused) as refused:
        BINDER.bind(body)
    assert [str(fault) for fault in refused.value.faults] == ["account.id: is required"]


@pytest.mark.parametrize("key", ["x" * 100_000, "a\ud800", "a\x00\n\x1b[31m", "", "\u202e"])
def test_a_stranger_s_key_is_shown_harmlessly(key: str) -> None:
    for body in ({"account": {"id": "1", key: 1}}, {"account": {"id": "1"}, key: {}}):
        with pytest.raises(FactsRefused) as refused:
            BINDER.bind(body)
        shown_ = str(refused.value)
        assert len(shown_) < 300
        assert shown_.isprintable()
        shown_.encode()


def test_keys_that_are_no_text_are_refused_too() -> None:
    with pytest.raises(FactsRefused) as refused:
        BINDER.bind({"account": {"id": "1", 10**5000: 1}, 7: {}})  # type: ignore[dict-item]  # what YAML could hold
    assert [fault.path for fault in refused.value.faults] == ["(int)", "account.(int)"]


@pytest.mark.parametrize(
    ("name", "raw", "as_sent"),
    [
        ("cap", "1250.5", "1250.50"),
        ("cap", "-0.05", "-0.05"),
        ("yen", 15, "15"),
        ("share", "0.050", "0.05"),
        ("ratio", "-100", "-100"),
        ("points", 3, 3),
        ("day", "2024-02-29", "2024-02-29"),
        ("flag", False, False),
        ("color", None, None),
    ],
)
def test_a_bound_value_is_shown_as_it_is_sent(name: str, raw: object, as_sent: object) -> None:
    type_ = next(fact.type for fact in FACTS if fact.name == f"account.{name}")
    assert json_value(bind(name, raw), type_) == as_sent


@given(st.sampled_from(FACTS), st.data())
def test_what_is_written_as_json_can_be_read_back(of_a: Fact, data: st.DataObject) -> None:
    """Values that were worked out too, which have up to 38 digits."""
    match of_a.type.kind:
        case Kind.ENUM:
            value: Value = data.draw(st.sampled_from((*of_a.type.members, None)))
        case Kind.TEXT | Kind.PERSON:
            value = data.draw(st.text() | st.none())
        case Kind.YES_NO:
            value = data.draw(st.booleans() | st.none())
        case Kind.DATE:
            value = data.draw(st.integers(of_a.type.low, of_a.type.high) | st.none())
        case _:
            value = data.draw(st.integers(-FORMULA_BOUND, FORMULA_BOUND) | st.none())
    assert bound_value(json_value(value, of_a.type), of_a.type) == value


def test_a_number_without_quotes_is_no_text() -> None:
    for raw in (JsonDecimal("1.10"), JsonDecimal("1e3"), 7):
        for name in ("word", "keeper"):
            with pytest.raises(FactsRefused, match="is not text"):
                bind(name, raw)


def test_dates_of_the_past_are_held_to_the_day_of_the_decision() -> None:
    """On that day they are known; after it one is refused and the other is unknown; without a day neither is held."""
    day = 20_635

    def bound(days_later: int, on: int | None) -> list[Value]:
        written = json_value(day + days_later, DATE)
        facts = {"account": {"id": "C-1", "noted_on": written, "day": written}}
        return BINDER.bind(facts, on)[-1:]

    assert [bound(days, day) for days in (-1, 0, 1)] == [[day - 1], [day], [None]]
    assert bound(1, None) == [day + 1]
    for days_later, is_refused in ((-1, False), (0, False), (1, True)):
        facts = {"account": {"id": "C-1", "seen_on": json_value(day + days_later, DATE)}}
        try:
            BINDER.bind(facts, day)
            assert not is_refused
        except FactsRefused as refused:
            [fault] = refused.faults
            assert (is_refused, fault.path) == (True, "account.seen_on")
            assert fault.message == "lies after the day of the decision, 2026-07-01"
