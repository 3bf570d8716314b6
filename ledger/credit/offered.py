"""What nothing holds any more, and doesn't go by itself either (`release.lift`): it stays held and is offered to
whoever may let it go, a person with authority whose own order it isn't.

No other way leads around that person: neither a recheck, nor a change that isn't what lets the order go, nor to cancel
and reopen it.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.credit.change import Asker, Desk, Judged
from ledger.credit.command_posting import Posting
from ledger.credit.judging import in_state, judge, open_hold, set_hold
from ledger.credit.order import RESERVING, STATE_OF_OUTCOME, HoldKind, Order, OrderCheckpoint, OrderState
from ledger.credit.stop import refused_own

AUTOMATIC = "automatic"
"""Of the policies' `release.lift`: the order goes out by itself. Whatever else they say, or nothing, offers it."""


def goes(judged: Judged) -> bool:
    """Nothing holds it, or only conditions are open."""
    return STATE_OF_OUTCOME[judged.decision.outcome] in RESERVING


def goes_by_itself(judged: Judged) -> bool:
    """Nobody needs to let it go."""
    return judged.decision.results.get("release", {}).get("lift") == AUTOMATIC


def may_let_go(asker: Asker, order: Order) -> bool:
    """A person with authority whose own order it isn't."""
    return asker.login is not None and asker.authority != "none" and refused_own(order, asker, "let go") is None


def waits_for_the_desk(posting: Posting, order: Order, asker: Asker, desk: Desk) -> bool:
    """Whether the policies held the order and would let it go today as it stands, so that it is for somebody else than
    this caller to let it go. Raises what `judge` raises."""
    hold = open_hold(posting, order)
    if hold is None or hold.kind is HoldKind.MANUAL or may_let_go(asker, order):
        return False
    return goes(judge(posting.snapshot, order, desk, OrderCheckpoint.RECHECK, ""))


def offer(posting: Posting, order: Order, judged: Judged) -> Order:
    """The order as it was decided on, held and offered; a hold that is open stays."""
    decision, hold = judged.decision, open_hold(posting, order)
    held = replace(in_state(order, OrderState.HELD), decision=decision.id, outcome=decision.outcome)
    posting.put_order(held)
    if hold is None:
        set_hold(posting, held, judged, posting.cause, liftable_since=posting.desk.day)
    elif hold.liftable_since is None:
        posting.put(replace(hold, liftable_since=posting.desk.day))
    return held
