"""What a caller's program does about a problem, in a sentence for the page at its address."""

from __future__ import annotations

from http import HTTPStatus

from api.http.problem_kind import ProblemKind
from api.http.problems import PROBLEMS, RequestInFlight, SecretShown
from ledger.journal.opened_records import BodyGone

_AGAIN = (408, 429, 503)
_TELL_SOMEBODY = (401, 403)


def what_to_do(kind: ProblemKind) -> str:
    """What a caller's program does about a problem of this kind, for the page that explains it.

    The same as the table in docs/integration.md: with nearly every problem nothing was decided, so an order stays held
    until an answer comes.
    """
    status = kind.status
    if kind is PROBLEMS[RequestInFlight]:
        return "It is being done, once. Send the same request again, with the same key, after Retry-After seconds."
    if kind is PROBLEMS[BodyGone]:
        return "It was decided once, and not again now. What it said is gone for good; `proof` shows that it was there."
    if kind is PROBLEMS[SecretShown]:
        return "It was done once, and not again now: if what was shown is lost, make another and end that one."
    if status in _AGAIN:
        how = "Send the same request again, after as many seconds as Retry-After says, each time after twice as long."
    elif status in _TELL_SOMEBODY:
        how = "It doesn't pass by itself: don't send it again, tell whoever looks after the key or the service."
    elif status == HTTPStatus.INTERNAL_SERVER_ERROR:
        how = "Send the same request once more; then count the service as down and report the X-Request-Id."
    else:
        how = "Mend the request; the same one gets the same answer."
    return f"Nothing was decided or changed: an order stays held until it is. {how}"
