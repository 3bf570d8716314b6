"""A review: the account is decided by the policies, and the grade that they give holds until the next review.

Decided is as if no grade had been assigned and the assessment were of today, so that the figures of the day give the
grade; what the review before had assigned becomes the previous one. A customer that another program had graded brings
its grade along once, before the first review.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.vocabulary.days import day_number
from ledger.credit.account import Grade, Group
from ledger.credit.account_fact_group import account_body, as_of
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.profile import facts_of_account
from ledger.credit.shown import grade_shown
from ledger.credit.snapshot import Snapshot, Wants

POLICY, GRADE, REVIEW = "grading", "grade", "next_review"
"""The policy and its values that a review reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignGrade:
    """A review of an account."""

    account: str
    taken_over: str | None = None
    """A grade that was assigned elsewhere; only where none was assigned here."""

    since: str | None = None
    """Of a grade that is taken over: the day of its assessment."""

    review_on: str | None = None
    """When it is to be reviewed next; None: when the policies say."""

    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


def assign_grade(snapshot: Snapshot, command: AssignGrade, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused`."""
    account = required_account(snapshot, command.account)
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    review_on = reading.optional_date(command.review_on, "review_on")
    since = reading.date(command.since, "since", or_else=desk.day, is_past=True)
    if command.taken_over is None and command.since is not None:
        reading.fault("since", "is given for a review of today", "leave it out")
    if command.taken_over is not None:
        known = facts_of_account(desk.engine.vocabulary)["assigned_grade"]
        reading.value(command.taken_over, known.type, "grade")
    reading.done()
    judged: Judged | None = None
    if command.taken_over is not None:
        if snapshot.of_account(Grade, account.id):
            raise CommandRefused(
                "already-graded", f"account {account.id} has a grade of a review here; have it reviewed"
            )
        grade = command.taken_over
    else:
        judged = _judged(snapshot, command, desk)
        grade, suggested = _result(judged)
        review_on = suggested if review_on is None else review_on
    assigned = Grade(
        account=account.id,
        since=since,
        grade=grade,
        review_on=review_on,
        decision=None if judged is None else judged.decision.id,
        assigned_by=command.asker.login,
    )
    return _put(snapshot, desk, assigned, judged)


def _judged(snapshot: Snapshot, command: AssignGrade, desk: Desk) -> Judged:
    account = required_account(snapshot, command.account)
    body = account_body(snapshot, account, desk)
    facts: dict[str, Any] = body["account"]
    previous = facts.pop("assigned_grade", None)
    facts.pop("next_review_on", None)
    facts["assessed_on"] = body["as_of"]
    if previous is not None:
        facts["previous_grade"] = previous
    return Judged(decision=desk.engine.decide_request("account", body, as_of(body), command.id), facts=body)


def _result(judged: Judged) -> tuple[str, int | None]:
    values = judged.decision.results.get(POLICY, {})
    grade, review = values.get(GRADE), values.get(REVIEW)
    if not isinstance(grade, str):
        raise CommandRefused(
            "no-grade",
            f"the policies give no grade (`{POLICY}.{GRADE}`) for this account; complete its facts or its policies",
            missing=[each.name for each in judged.decision.missing],
        )
    return grade, day_number(date.fromisoformat(review)) if isinstance(review, str) else None


def _put(snapshot: Snapshot, desk: Desk, grade: Grade, judged: Judged | None) -> LedgerChange:
    posting = Posting(snapshot, desk, "assess")
    account = posting.touch(grade.account)
    posting.put(grade)
    group = None if account.group is None else posting.get(Group, account.group)
    if group is not None and group.grades.get(account.id) != grade.grade:
        grades = {**group.grades, account.id: grade.grade}
        posting.put(replace(group, grades=grades, version=group.version + 1))
    return helped(
        posting,
        LedgerChange(
            rows=posting.rows,
            entries=posting.entries,
            act="assess",
            about=account.id,
            account=account.id,
            judged=judged,
            told=state_told(posting, account.id),
            shown={"grade": grade_shown(grade)},
            status=201,
        ),
    )
