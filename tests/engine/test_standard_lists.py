"""The standard facts that are lists, and the policy over them that docs/policy-language.md shows."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from engine.pipeline import Engine, load
from tests.support.paths import ROOT

AS_OF = date(2026, 7, 1)


def shown_policy() -> Engine:
    language = (ROOT / "docs" / "policy-language.md").read_text(encoding="utf-8")
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", language, re.DOTALL) if "policy: items" in block)
    loaded = load({"items.yaml": text.encode(), "facts.yaml": b"currency: EUR\npolicies: [items]\n...\n"})
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


ENGINE = shown_policy()
LISTS = {name: fact for name, fact in ENGINE.vocabulary.facts.items() if fact.type.fields}


def item(amount: str, due: str | None, insured: str | None = None, kind: str = "invoice") -> dict[str, Any]:
    return {"kind": kind, "amount": amount, "due_date": due, "insured_amount": insured}


def security(amount: str, cover: str, first: str, last: str) -> dict[str, Any]:
    return {"kind": "bank_guarantee", "amount": amount, "cover": cover, "valid_from": first, "valid_until": last}


GUARANTEE = security("50000.00", "1", "2026-01-01", "2027-01-01")


def decided(
    items: list[dict[str, Any]] | None, securities: list[dict[str, Any]] | None
) -> tuple[list[str], dict[str, Any]]:
    """The rules that fire or can't be worked out, and the values, of an order of 20,000 due on 31 July."""
    account = {"id": "C", "open_items": items, "securities": securities}
    order = {"id": "O", "amount": "20000.00", "payment_days": 30}
    decision = ENGINE.decide("order", {"order": order, "account": account}, AS_OF, "-")
    return [reason.rule for reason in decision.reasons], dict(decision.results["items"])


@pytest.mark.parametrize(
    ("items", "rules", "values"),
    [
        ([], [], {"receivables": "0.00", "cross_aged": "0", "oldest_insured": None}),
        ([item("100.00", "2026-06-30")], [], {"cross_aged": "0"}),
        # 1 April is 91 days before, 2 April 90
        ([item("25.00", "2026-04-01"), item("75.00", "2026-08-01")], [], {"aged": "25.00", "cross_aged": "0.25"}),
        ([item("26.00", "2026-04-01"), item("74.00", "2026-08-01")], ["items.cross-aged"], {"cross_aged": "0.26"}),
        ([item("26.00", "2026-04-02"), item("74.00", "2026-08-01")], [], {"cross_aged": "0"}),
        # credits are no receivables, and need no due date
        ([item("99.00", "2026-08-01"), item("-80.00", None, kind="credit_note")], [], {"receivables": "99.00"}),
        # notice is due sixty days after the oldest insured item
        ([item("1.00", "2026-05-02", "0.90"), item("9.00", "2026-05-01")], [], {"oldest_insured": "2026-05-02"}),
        (
            [item("1.00", "2026-06-02", "0.90"), item("1.00", "2026-05-01", "0.90"), item("1.00", "2026-04-20", "0")],
            ["items.notice-due"],
            {"oldest_insured": "2026-05-01"},
        ),
        (None, ["items.cross-aged", "items.notice-due"], {"receivables": None, "cross_aged": None}),
    ],
)
def test_open_items(items: list[dict[str, Any]] | None, rules: list[str], values: dict[str, Any]) -> None:
    found, results = decided(items, [GUARANTEE])
    assert found == rules
    assert {name: results[name] for name in values} == values


@pytest.mark.parametrize(
    ("securities", "secured"),
    [
        ([], "0.00"),
        ([GUARANTEE], "50000.00"),
        # two that hold on the due date, 31 July, and three that don't
        (
            [
                security("10000.00", "0.90", "2026-07-31", "2026-12-31"),
                security("22000.00", "0.50", "2026-01-01", "2026-07-31"),
                security("50000.00", "1", "2026-01-01", "2026-07-30"),
                security("50000.00", "1", "2026-08-01", "2026-12-31"),
                security("0.00", "1", "2026-01-01", "2026-12-31"),
            ],
            "20000.00",
        ),
        ([GUARANTEE | {"valid_until": None}], None),
        ([GUARANTEE | {"cover": None}], None),
        (None, None),
    ],
)
def test_securities_that_hold_when_the_order_falls_due(
    securities: list[dict[str, Any]] | None, secured: str | None
) -> None:
    """A share or a day that nobody knows makes the sum unknown, and the order is held."""
    found, results = decided([], securities)
    assert results["secured"] == secured
    enough = secured is not None and float(secured) >= 20000
    assert found == ([] if enough else ["items.unsecured"])


def test_the_standard_lists_have_titles_notes_and_examples_in_both_languages() -> None:
    assert set(LISTS) == {
        "order.delivery_schedule",
        "account.open_items",
        "account.securities",
        "invoice.instalments",
    }
    for fact in LISTS.values():
        assert fact.note is not None
        assert all(field.title is not None and field.title.zh for field in fact.type.fields)
        assert all(not field.type.members or field.type.titles for field in fact.type.fields)
        assert isinstance(fact.example, list)
        assert len(fact.example) > 1


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_the_examples_of_lists_can_be_sent_in_every_currency(currency: str) -> None:
    facts = f"currency: {currency}\npolicies: [items]\n...\n"
    loaded = load({"items.yaml": ENGINE.files["items.yaml"].encode(), "facts.yaml": facts.encode()})
    assert loaded.engine is not None
    vocabulary = loaded.engine.vocabulary
    for case in ("order", "invoice"):
        body: dict[str, dict[str, object]] = {}
        for fact in vocabulary.of_case(case):
            group, _, name = fact.name.partition(".")
            body.setdefault(group, {})[name] = fact.example
        loaded.engine.bind(case, body, date(2027, 1, 1))


def test_what_a_record_lacks_is_named_with_its_title() -> None:
    account = {"id": "C", "open_items": [item("5.00", None)], "securities": [GUARANTEE]}
    order = {"id": "O", "amount": "20000.00", "payment_days": 30}
    decision = ENGINE.decide("order", {"order": order, "account": account}, AS_OF, "-")
    [missing] = decision.missing
    assert (missing.name, missing.title and missing.title.en) == (
        "account.open_items[].due_date",
        "Open items: Due date",
    )
    assert missing.title
    assert missing.title.zh == "未清项：到期日"
