"""A limit is asked for and granted: the policies say at once what needs nobody, and of each grant whether it counts.

    request  –policies→  granted at once, refused, or referred to somebody with the authority
    grant    –policies→  granted, waiting for a second person (202), or not within the person's authority (403)

Who may grant what is written in no line of the ledger: it gives the policies the grant as facts, and takes their word.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.deciding.decision import Decision
from engine.vocabulary.conversion import foreign
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.days import date_of
from engine.vocabulary.decimals import decimal_formatter
from engine.vocabulary.vocabulary import Kind
from ledger.credit.account import Account
from ledger.credit.account_fact_group import account_body, as_of
from ledger.credit.amounts import Reading
from ledger.credit.change import Asker, CommandRefused, Desk, Judged, LedgerChange
from ledger.credit.command_posting import Posting
from ledger.credit.ledger_state import helped, required_account, state_told
from ledger.credit.limit import Limit, LimitKind, LimitState
from ledger.credit.limit_facts import limit_facts
from ledger.credit.sales_person import why_own_customer
from ledger.credit.shown import limit_shown
from ledger.credit.snapshot import Snapshot, Wants

SECOND_PERSON = ".second-person-missing"
"""How the id of the rule ends that lacks nothing but a second person."""

NO_AUTHORITY = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimit:
    """A limit that is asked for, with amount and days as its caller wrote them."""

    account: str
    kind: LimitKind
    amount: str | None = None
    """None where it is unlimited."""

    from_on: str | None = None
    """None: today."""

    until_on: str | None = None
    reason: str | None = None
    basis: str | None = None
    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLimit:
    """Somebody grants what was asked for, or is the second to."""

    account: str
    number: int
    asker: Asker
    id: str
    """Of the decision."""

    @property
    def wants(self) -> Wants:
        """The account."""
        return Wants(accounts=frozenset((self.account,)))


def request_limit(snapshot: Snapshot, command: RequestLimit, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`, and `FactsRefused` with every fault."""
    account = required_account(snapshot, command.account)
    limit = _asked(snapshot, command, account, desk)
    judged = judge_limit(snapshot, limit, desk, command.id)
    posting = Posting(snapshot, desk, "request-limit")
    posting.touch(account.id)
    outcome = judged.decision.outcome
    limit = replace(limit, decision=judged.decision.id)
    if outcome == "grant":
        # nobody with an authority had to: it counts by the word of whoever asked
        by = command.asker.login or command.asker.program
        limit = put_granted(posting, replace(limit, granted_on=desk.day, granted_by=by))
    else:
        limit = replace(limit, state=LimitState.REFUSED if outcome == "refuse" else LimitState.REQUESTED)
        posting.put(limit)
    return limit_changed(posting, limit, "request-limit", status=201, judged=judged)


def grant_limit(snapshot: Snapshot, command: GrantLimit, desk: Desk) -> LedgerChange:
    """Raises `CommandRefused`. Where the policies don't let the grant count, that is refused with the reasons, and on
    record."""
    account = required_account(snapshot, command.account)
    asked = required_limit(snapshot, account.id, command.number)
    require_state(asked, LimitState.REQUESTED)
    limit = _with_grant(asked, command.asker, desk)
    own = why_own_customer(account, command.asker.login or "", desk.day)
    if own is not None:
        return _not_granted(snapshot, account, limit, desk, CommandRefused("grant-refused", own, reasons=[]), None)
    judged = judge_limit(snapshot, limit, desk, command.id)
    posting = Posting(snapshot, desk, "grant-limit")
    posting.touch(account.id)
    if judged.decision.outcome == "grant":
        limit = put_granted(posting, replace(limit, decision=judged.decision.id))
        return limit_changed(posting, limit, "grant-limit", judged=judged)
    if limit.second_by is None and lacks_second_person(judged.decision):
        posting.put(limit)
        return limit_changed(posting, limit, "grant-limit", status=202, judged=judged)
    refused = CommandRefused(
        "grant-refused",
        f"the grant doesn't count; limit {limit.number} of account {account.id} stays as it was",
        reasons=[each.as_json() for each in judged.decision.reasons if not each.waived],
    )
    return _not_granted(snapshot, account, limit, desk, refused, judged)


def _not_granted(
    snapshot: Snapshot, account: Account, limit: Limit, desk: Desk, refused: CommandRefused, judged: Judged | None
) -> LedgerChange:
    return LedgerChange(
        act="grant-limit",
        about=f"{account.id}/{limit.number}",
        account=account.id,
        judged=judged,
        told=state_told(Posting(snapshot, desk, "grant-limit"), account.id),
        refused=refused,
        is_refusal=True,
    )


def lacks_second_person(decision: Decision) -> bool:
    """Nothing but a second person is missing."""
    rules = [each.rule for each in decision.reasons if not each.waived]
    return bool(rules) and all(each.endswith(SECOND_PERSON) for each in rules)


def judge_limit(snapshot: Snapshot, limit: Limit, desk: Desk, id: str) -> Judged:
    """What the policies say of a limit as it would stand. Raises `FactsRefused`."""
    account = required_account(snapshot, limit.account)
    body = account_body(snapshot, account, desk)
    body["account"] |= _least_ahead(snapshot, account, desk)
    body["limit"] = _limit_group(limit, account, desk)
    return Judged(decision=desk.engine.decide_request("limit", body, as_of(body), id), facts=body)


def _least_ahead(snapshot: Snapshot, account: Account, desk: Desk) -> dict[str, Any]:
    """What the account has as its limit where one is granted that begins later: whoever asks for less than today's and
    more than that one asks for more, since the new one would count in its place."""
    granted = [
        each
        for each in snapshot.of_account(Limit, account.id)
        if each.state is LimitState.GRANTED and each.kind is not LimitKind.TEMPORARY
    ]
    ahead = [each for each in granted if each.from_on > desk.day]
    if not ahead:
        return {}
    money = decimal_formatter(MINOR_UNITS[account.currency])
    now = limit_facts(snapshot, account, desk.day, money)
    if now["limit_status"] == "none":
        return {}
    amounts = [each.amount for each in granted if each.amount is not None]
    ends = [each.until_on for each in granted if each.until_on is not None]
    least: dict[str, Any] = {}
    if amounts:
        least |= {"limit_status": "limited", "credit_limit": money(min(amounts))}
    if ends:
        least["limit_until"] = _iso(min(ends))
    return least


def put_granted(posting: Posting, limit: Limit) -> Limit:
    """The limit in force; the one before ends once this one begins. Raises `CommandRefused` (`limits-overlap`)."""
    granted = replace(limit, state=LimitState.GRANTED)
    refuse_overlap(posting.snapshot, granted)
    posting.put(granted)
    end_others(posting, granted)
    return granted


def end_others(posting: Posting, limit: Limit, *, if_before: bool = False) -> None:
    """Those that this one has taken the place of end, where it has begun: none of them counts again once it ends.
    `if_before`: of those granted later one counts, and stays."""
    day = posting.desk.day
    if limit.kind is LimitKind.TEMPORARY or limit.from_on > day:
        return
    for other in posting.snapshot.of_account(Limit, limit.account):
        replaced = other.state is LimitState.GRANTED and other.kind is not LimitKind.TEMPORARY
        later = if_before and other.rank > limit.rank
        if replaced and other.number != limit.number and other.from_on <= day and not later:
            posting.put(replace(other, state=LimitState.ENDED))


def refuse_overlap(snapshot: Snapshot, limit: Limit) -> None:
    """Two temporary limits may not count on the same day. Raises `CommandRefused` (`limits-overlap`)."""
    if limit.kind is not LimitKind.TEMPORARY:
        return
    for other in snapshot.of_account(Limit, limit.account):
        granted = other.kind is LimitKind.TEMPORARY and other.state is LimitState.GRANTED
        if granted and other.number != limit.number and limit.overlaps(other):
            end = "" if other.until_on is None else f" to {date_of(other.until_on)}"
            raise CommandRefused(
                "limits-overlap",
                f"the temporary limit {other.number} counts from {date_of(other.from_on)}{end}; end it first, or "
                "choose other days",
                limit=other.number,
            )


def required_limit(snapshot: Snapshot, account: str, number: int) -> Limit:
    """Raises `CommandRefused` (`unknown-limit`)."""
    limit = snapshot.get(Limit, account, number)
    if limit is None:
        raise CommandRefused("unknown-limit", f"account {account} has no limit {number}", limit=number)
    return limit


LEGAL: dict[LimitState, tuple[str, ...]] = {
    LimitState.REQUESTED: ("grant", "refuse", "end"),
    LimitState.GRANTED: ("end",),
    LimitState.REFUSED: (),
    LimitState.ENDED: (),
}
"""What can be done with a limit in each state."""


def require_state(limit: Limit, *states: LimitState) -> None:
    """Raises `CommandRefused` (`illegal-move`) with the state and what can be done."""
    if limit.state not in states:
        legal = LEGAL[limit.state]
        told = ", ".join(legal) if legal else "nothing"
        raise CommandRefused(
            "illegal-move",
            f"limit {limit.number} of account {limit.account} is {limit.state}; possible are: {told}",
            state=limit.state.value,
            legal_moves=list(legal),
        )


def limit_changed(
    posting: Posting, limit: Limit, act: str, *, status: int = 200, judged: Judged | None = None
) -> LedgerChange:
    """The change of one limit; one that is granted may help held orders."""
    account = posting.existing(Account, limit.account)
    change = LedgerChange(
        rows=posting.rows,
        entries=posting.entries,
        act=act,
        about=f"{limit.account}/{limit.number}",
        account=limit.account,
        judged=judged,
        told=state_told(posting, limit.account),
        shown={"limit": limit_shown(limit, account.currency)},
        status=status,
    )
    return helped(posting, change) if limit.state is LimitState.GRANTED else change


def next_number(snapshot: Snapshot, account: str) -> int:
    """Of the next limit of an account."""
    return max((each.number for each in snapshot.of_account(Limit, account)), default=0) + 1


def limit_amount(reading: Reading, kind: LimitKind, raw: str | None) -> int | None:
    """In minor units; None where it is unlimited, which no amount may be said of: one of the two would be wrong."""
    if kind is not LimitKind.UNLIMITED:
        return reading.amount(raw, "amount", least=0)
    if raw is not None:
        reading.fault("amount", "is given for a limit without an amount", 'leave it out, or send the kind "limit"')
    return None


def _asked(snapshot: Snapshot, command: RequestLimit, account: Account, desk: Desk) -> Limit:
    reading = Reading(desk.engine.vocabulary, account.currency, desk.day)
    amount = limit_amount(reading, command.kind, command.amount)
    from_on = reading.date(command.from_on, "from", or_else=desk.day)
    until_on = reading.optional_date(command.until_on, "until")
    reading.period(from_on, until_on, "until", "it counts")
    basis = next((each.type for each in desk.engine.vocabulary.of_case("limit") if each.name == "limit.basis"), None)
    if basis is not None:
        reading.value(command.basis, basis, "basis")
    if from_on < desk.day:
        reading.fault("from", "lies in the past", "a limit counts from the day on which it is granted")
    reading.done()
    limit = Limit(
        account=account.id,
        number=next_number(snapshot, account.id),
        kind=command.kind,
        amount=amount,
        from_on=from_on,
        until_on=until_on,
        state=LimitState.REQUESTED,
        reason=command.reason,
        basis=command.basis,
        requested_by=command.asker.login,
    )
    refuse_overlap(snapshot, limit)
    return limit


def _with_grant(limit: Limit, asker: Asker, desk: Desk) -> Limit:
    """The limit as granted by one person more. Raises `CommandRefused` (`grant-refused`)."""
    if asker.login is None or asker.authority == NO_AUTHORITY:
        raise CommandRefused(
            "grant-refused", "a limit is granted by a person with an authority; this caller has none", reasons=[]
        )
    begun = max(limit.from_on, desk.day) if limit.until_on is None or limit.until_on >= desk.day else limit.from_on
    if limit.granted_by is None:
        return replace(
            limit, from_on=begun, granted_on=desk.day, granted_by=asker.login, granted_by_role=asker.authority
        )
    return replace(limit, from_on=begun, second_by=asker.login, second_by_role=asker.authority)


def _limit_group(limit: Limit, account: Account, desk: Desk) -> dict[str, Any]:
    """The facts of a limit. One without an amount is judged as the largest amount that there can be."""
    digits = MINOR_UNITS[account.currency]
    most = foreign(desk.engine.vocabulary.type_named(Kind.MONEY), account.currency).high
    own = account.currency == desk.engine.vocabulary.currency
    largest = most if own else most // 10**3
    facts: dict[str, Any] = {
        "id": f"{limit.account}/{limit.number}",
        "kind": "temporary" if limit.kind is LimitKind.TEMPORARY else "limit",
        "amount": decimal_formatter(digits)(largest if limit.amount is None else limit.amount),
        "from": date_of(limit.from_on).isoformat(),
        "until": None if limit.until_on is None else date_of(limit.until_on).isoformat(),
        "reason": limit.reason,
        "basis": limit.basis,
        "requested_by": limit.requested_by,
        "granted_on": None if limit.granted_by is None or limit.granted_on is None else _iso(limit.granted_on),
        "granted_by": limit.granted_by,
        "granted_by_role": limit.granted_by_role,
        "second_granted_by": limit.second_by,
        "second_granted_by_role": limit.second_by_role,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _iso(day: int) -> str:
    return date_of(day).isoformat()
