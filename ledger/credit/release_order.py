"""Somebody lets a held order go: a release is a proposal, and the policies judge whether it counts.

The order is decided with the release in its facts. Where the release is in force and nothing else stops the order, it
goes. Where it would be with a second person, it is proposed and waits for one. Anything else is refused, with the
reasons, and the refusal is on record. Nothing here knows who may release how much.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from engine.vocabulary.binding import FactsRefused, Fault
from engine.vocabulary.persons import person
from ledger.credit.account import Account
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.judging import judge, order_change, sales_person_of, take_decision, wanted_order
from ledger.credit.moves import Move, require_legal
from ledger.credit.order import RESERVING, STATE_OF_OUTCOME, Order, OrderCheckpoint, Release, ReleaseState
from ledger.credit.order_currency import revalued
from ledger.credit.release_terms import covers
from ledger.credit.shown import release_shown
from ledger.credit.snapshot import Snapshot, Wants

AUTHORITIES = ("assistant", "credit_manager", "controller", "cfo")
"""Members of the fact `order.released_by_role`, the lowest first."""

_ANYBODY = "somebody else"
"""A person who is nobody known: of them only the authority counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOrder:
    """The first person's release, or the second's where a first one waits for it."""

    order: str
    reason: str
    expires_on: int | None
    """The last day on which it counts, where that is earlier than the policies say. A second person's is passed over:
    the release is the first one's."""

    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The order."""
        return Wants(orders=frozenset((self.order,)))


def release_order(snapshot: Snapshot, command: ReleaseOrder, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused` where the order isn't held, or nobody with authority asks. A release that the policies
    refuse is a change with `refused`."""
    order = revalued(snapshot, wanted_order(snapshot, command.order), desk)
    require_legal(Move.RELEASE, order)
    first = _release(snapshot, order, command, desk)
    own = _why_own(snapshot, order, first.by)
    if own is not None:
        refused = CommandRefused("own-order", f"{own}; somebody else may release it")
        return order_change(Posting(snapshot, desk, "release"), order, None, refused=refused, is_refusal=True)
    waiting = _waiting(snapshot, order, desk.day)
    together = None
    if waiting is not None:
        both = replace(
            waiting, second_by=first.by, second_by_role=first.role, second_on=desk.day, state=ReleaseState.IN_FORCE
        )
        together = judge(snapshot, order, desk, OrderCheckpoint.RELEASE, command.id, both)
        if _counts(together):
            return _in_force(snapshot, order, both, together, desk)
        if first.by == waiting.by:
            return _refused(snapshot, order, first, together, desk)
    alone = judge(snapshot, order, desk, OrderCheckpoint.RELEASE, command.id, first)
    if _counts(alone):
        return _in_force(snapshot, order, first, alone, desk)
    second = _who_may_be_second(snapshot, order, first, desk)
    if second["roles"]:
        return _proposed(snapshot, order, first, alone, desk, second)
    return _refused(snapshot, order, first, together or alone, desk)


def _release(snapshot: Snapshot, order: Order, command: ReleaseOrder, desk: Desk) -> Release:
    asker = command.asker
    if asker.login is None or asker.authority not in AUTHORITIES:
        raise CommandRefused("no-authority", "a release takes a person with authority; here nobody has any")
    if command.expires_on is not None and command.expires_on < desk.day:
        raise FactsRefused([Fault("expires_on", "is over", "leave it out, or name today or a later day")])
    return Release(
        order=order.id,
        account=order.account,
        number=1 + max((each.number for each in snapshot.of_order(Release, order.id)), default=0),
        state=ReleaseState.IN_FORCE,
        amount=order.amount,
        asked=order.asked,
        reason=command.reason,
        by=asker.login,
        role=asker.authority,
        on=desk.day,
        expires_on=command.expires_on,
    )


def _waiting(snapshot: Snapshot, order: Order, day: int) -> Release | None:
    """The newest that waits for a second person, covers the order and has not ended by its own date. It is nobody's
    any more who has changed the order since."""
    waiting = [
        each
        for each in snapshot.of_order(Release, order.id)
        if each.state is ReleaseState.PROPOSED
        and (each.expires_on is None or day <= each.expires_on)
        and covers(each, order)
        and _why_own(snapshot, order, each.by) is None
    ]
    return max(waiting, key=lambda each: each.number, default=None)


def _why_own(snapshot: Snapshot, order: Order, login: str) -> str | None:
    """What keeps this person from judging the order, beside what the policies know of: who entered it, and who is the
    customer's sales person now. None: nothing does."""
    if login == order.entered_by:
        return None
    if login in order.touched_by:
        return f"{login} changed or reopened the order {order.id}"
    entered_for = order.sales_person
    if person(login) == entered_for and entered_for != sales_person_of(snapshot.existing(Account, order.account)):
        return f"{login} was the customer's sales person when the order {order.id} was entered"
    return None


def _counts(judged: Judged) -> bool:
    in_force = judged.decision.results.get("release", {}).get("in_force") is True
    return in_force and STATE_OF_OUTCOME[judged.decision.outcome] in RESERVING


def _who_may_be_second(snapshot: Snapshot, order: Order, first: Release, desk: Desk) -> dict[str, Any]:
    """With which authority a second person makes the release count; and who of those who have to do with the order
    can't be that person whatever their authority. Empty roles: nobody can."""

    def counts(login: str, role: str) -> bool:
        both = replace(first, second_by=login, second_by_role=role)
        return _counts(judge(snapshot, order, desk, OrderCheckpoint.RELEASE, "", both))

    roles = [role for role in AUTHORITIES if counts(_ANYBODY, role)]
    concerned = _concerned(snapshot, order, first) if roles else ()
    barred = [
        login for login in concerned if _why_own(snapshot, order, login) is not None or not counts(login, roles[-1])
    ]
    return {"roles": roles, "not": barred}


def _concerned(snapshot: Snapshot, order: Order, first: Release) -> Iterator[str]:
    account = snapshot.get(Account, order.account)
    sales_person = None if account is None else account.profile.get("sales_person")
    persons = (first.by, order.entered_by, sales_person, order.sales_person, *order.touched_by)
    yield from dict.fromkeys(each for each in persons if isinstance(each, str))


def _in_force(snapshot: Snapshot, order: Order, release: Release, judged: Judged, desk: Desk) -> LedgerChange:
    posting = _posting(snapshot, order, release, judged, desk)
    order = take_decision(posting, order, judged, release.second_by or release.by, lifts_manual=True)
    return order_change(posting, order, judged, shown={"release": release_shown(release, order.currency)})


def _proposed(
    snapshot: Snapshot, order: Order, release: Release, judged: Judged, desk: Desk, second: dict[str, Any]
) -> LedgerChange:
    release = replace(release, state=ReleaseState.PROPOSED)
    posting = _posting(snapshot, order, release, judged, desk, ends=(ReleaseState.PROPOSED,))
    posting.put_order(order)
    shown = {"release": release_shown(release, order.currency), "second_person": second}
    return order_change(posting, order, judged, status=202, shown=shown)


def _refused(snapshot: Snapshot, order: Order, release: Release, judged: Judged, desk: Desk) -> LedgerChange:
    posting = _posting(snapshot, order, replace(release, state=ReleaseState.REFUSED), judged, desk, ends=())
    against = [each for each in judged.decision.reasons if not each.waived and _speaks_against(each.rule, each.outcome)]
    rules = ", ".join(each.rule for each in against)
    refused = CommandRefused(
        "release-refused",
        f"the release of the order {order.id} by {release.by} ({release.role}) doesn't count: {rules}",
        reasons=[each.as_json() for each in against],
    )
    return order_change(posting, order, judged, refused=refused, is_refusal=True)


def _speaks_against(rule: str, outcome: str) -> bool:
    """What holds the order, and what the policy of releases says of this one."""
    return STATE_OF_OUTCOME[outcome] not in RESERVING or rule.startswith("release.")


def _posting(
    snapshot: Snapshot,
    order: Order,
    release: Release,
    judged: Judged,
    desk: Desk,
    ends: tuple[ReleaseState, ...] = (ReleaseState.PROPOSED, ReleaseState.IN_FORCE),
) -> Posting:
    """With the release; of earlier ones those in these states end."""
    posting = Posting(snapshot, desk, "release")
    for earlier in snapshot.of_order(Release, order.id):
        if earlier.state in ends and earlier.number != release.number:
            posting.put(replace(earlier, state=ReleaseState.ENDED))
    posting.put(replace(release, decision=judged.decision.id))
    return posting
