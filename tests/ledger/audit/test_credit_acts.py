"""Reports on what people did beyond the policies: releases by person, limits and who granted them, exceptions."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.pipeline import Engine, load
from ledger.audit.credit_acts import EXCEPTIONS, LIMITS, RELEASES, exceptions, limit_changes, releases
from ledger.audit.report_lines import ReportLine
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.order import Hold, HoldKind, Release, ReleaseState
from ledger.policies.rules_folder import read_folder
from tests.support.exception_files import exception
from tests.support.paths import NOVEMBER_2026
from tests.support.policy_files import ended
from tests.support.small_ledger import in_file, small_ledger


@pytest.fixture(scope="module", name="engine")
def _engine() -> Engine:
    """The policies of November 2026 with one exception: an account without a limit may order once approved so."""
    files = dict(read_folder(NOVEMBER_2026, "rules").policies)
    waived = exception("orders.no-limit", 'account.customer_class = "key"')
    files["rules/exceptions.yaml"] = ended(f"key-accounts: {waived}\n").encode()
    loaded = load(files)
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


async def _reports(folder: Path, engine: Engine) -> tuple[list[ReportLine], ...]:
    with small_ledger(in_file(folder), engine=engine) as small:
        await small.done(small.account("C-1"), small.account("C-9"))
        [first, second] = await small.done(small.order("SO-1", "10.00"), small.order("SO-2", "20.00"))
        await small.put_rows([*_releases(first.decision, second.decision), *_limits(first.decision)])
        return tuple([small.journal.ask(each) for each in (releases, limit_changes, exceptions)])


def _releases(first: str | None, second: str | None) -> list[Release]:
    def one(number: int, by: str, state: ReleaseState, decision: str | None, order: str = "SO-1") -> Release:
        return Release(
            order=order, account="C-1", number=number, state=state, amount=1_000 * number, reason=f"because {number}",
            asked={}, by=by, role="credit_manager", on=20_635, decision=decision,
        )  # fmt: skip

    return [
        one(1, "u.hoffmann", ReleaseState.IN_FORCE, first),
        one(2, "u.albers", ReleaseState.REFUSED, second),
        one(3, "u.hoffmann", ReleaseState.PROPOSED, second, "SO-2"),
    ]


def _limits(decision: str | None) -> list[Limit]:
    return [
        Limit(
            account="C-1", number=1, kind=LimitKind.LIMIT, amount=6_000_000, from_on=20_000, until_on=None,
            state=LimitState.GRANTED, requested_by="u.becker", granted_by="u.hoffmann", granted_on=20_001,
            granted_by_role="credit_manager", second_by="m.lehmann", second_by_role="controller", decision=decision,
        ),
        Limit(
            account="C-9", number=1, kind=LimitKind.UNLIMITED, amount=None, from_on=20_000, until_on=None,
            state=LimitState.GRANTED, reason="as in the ERP", taken_over_on=20_000, said_granted_by="u.keller",
        ),
    ]  # fmt: skip


def test_each_release_is_reported_by_person_with_amount_reason_and_the_decision_it_rests_on(
    tmp_path: Path, engine: Engine
) -> None:
    made, limits, passed = asyncio.run(_reports(tmp_path / "journal", engine))

    shown = [
        (each.values["person"], each.values["state"], each.values["amount"], each.values["reason"]) for each in made
    ]
    assert shown == [
        ("u.albers", "refused", "20.00", "because 2"),
        ("u.hoffmann", "in_force", "10.00", "because 1"),
        ("u.hoffmann", "proposed", "30.00", "because 3"),
    ]
    assert all(each.header is not None and tuple(each.values) == RELEASES for each in made)
    of_limits = [
        (each.values["account"], each.values["amount"], each.values["granted_by"], each.values["second_person"])
        for each in limits
    ]
    assert of_limits == [("C-1", "60000.00", "u.hoffmann", "m.lehmann"), ("C-9", None, None, None)]
    assert [(each.values["taken_over"], each.header is None) for each in limits] == [(False, False), (True, True)]
    assert [each.values["said_granted_by"] for each in limits] == [None, "u.keller"]
    assert all(tuple(each.values) == LIMITS for each in limits)
    assert passed == []


def test_what_a_person_held_is_reported_with_its_record(tmp_path: Path, engine: Engine) -> None:
    async def go() -> list[ReportLine]:
        with small_ledger(in_file(tmp_path / "journal"), engine=engine) as small:
            await small.done(small.account("C-1"))
            [entered] = await small.done(small.order("SO-1", "10.00"))
            made = [
                Hold(order="SO-1", account="C-1", number=each, kind=kind, since=20_635, since_seq=entered.seq, **over)
                for each, kind, over in (
                    (7, HoldKind.POLICY, {"lifted_on": 20_635}),
                    (8, HoldKind.MANUAL, {"lifted_on": 20_636, "lifted_by": "u.keller"}),
                    (9, HoldKind.MANUAL, {}),
                )
            ]
            await small.put_rows(made)
            return small.journal.ask(releases)

    lines = asyncio.run(go())
    assert [(line.values["state"], line.values["order"], line.values["amount"]) for line in lines] == [
        ("lifted", "SO-1", "10.00"),
        ("held", "SO-1", "10.00"),
    ]
    assert all(line.header is not None and tuple(line.values) == RELEASES for line in lines)


def test_an_order_that_passed_by_an_exception_is_reported_with_the_rule_and_who_approved_it(
    tmp_path: Path, engine: Engine
) -> None:
    async def go() -> list[ReportLine]:
        with small_ledger(in_file(tmp_path / "journal"), engine=engine) as small:
            account = small.account("C-1")
            key = {**account.profile, "customer_class": "key"}
            await small.done(
                type(account)(account="C-1", customer_since="2024-01-01", profile=key, asker=account.asker)
            )
            await small.done(small.account("C-9"))
            history = [
                small.invoice(
                    f"H-{n}", "100.00", f"2026-0{n}-15", issued_on=f"2026-0{n}-01", settled_on=f"2026-0{n}-15"
                )
                for n in range(1, 7)
            ]
            await small.done(*history, small.invoice("I-9", "880000.00", "2026-07-20", account="C-9"))
            await small.done(small.order("SO-1", "10.00"))
            return small.journal.ask(exceptions)

    [line] = asyncio.run(go())
    assert tuple(line.values) == EXCEPTIONS
    said = {name: line.values[name] for name in ("order", "account", "amount", "rule", "exception", "approved_by")}
    assert said == {
        "order": "SO-1",
        "account": "C-1",
        "amount": "10.00",
        "rule": "orders.no-limit",
        "exception": "exceptions.key-accounts",
        "approved_by": "m.lehmann",
    }
