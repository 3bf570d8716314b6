"""Why a command to the credit ledger can't be done, as problems: by the code of `ledger.credit.change.CommandRefused`.

What stands in the document beside the detail (`state`, `legal_moves`, `facts`) is named where the command is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from api.http.problem_kind import ProblemKind

LEDGER_PROBLEMS: Mapping[str, ProblemKind] = {
    kind.slug: kind
    for kind in (
        ProblemKind("unknown-account", 404, "No such account", "The ledger has no account with this number."),
        ProblemKind("unknown-import", 404, "No such import", "The ledger knows no import with this id."),
        ProblemKind(
            "verify-in-progress",
            409,
            "The ledger is being checked",
            "One check runs at a time. Nothing was done; ask again when the other has ended.",
        ),
        ProblemKind("unknown-order", 404, "No such order", "The ledger has no order with this number."),
        ProblemKind(
            "illegal-move",
            409,
            "Not possible in this state",
            "`state` says how the order stands, `legal_moves` what can be done with it.",
        ),
        ProblemKind(
            "revision-differs",
            409,
            "The order is there with other content",
            "The same number and revision was sent before with another account or other content. Nothing was changed.",
        ),
        ProblemKind(
            "revision-outdated",
            409,
            "A later revision is there",
            "`current_revision` says which. An older one changes nothing, whatever it says.",
        ),
        ProblemKind(
            "below-delivered",
            409,
            "Less than what has gone",
            "An order can't be changed to less than what of it is delivered or invoiced.",
        ),
        ProblemKind(
            "over-delivery",
            409,
            "More than what is left",
            "`undelivered` says what is. Change the order to the larger amount first: that is decided.",
        ),
        ProblemKind(
            "more-than-delivered",
            409,
            "More than what was delivered",
            "`delivered` says what was and isn't invoiced; what is invoiced takes a credit note.",
        ),
        ProblemKind(
            "conditions-open",
            409,
            "Its conditions are not met",
            "The order waits for a deposit, a payment or a security; it goes on by itself once that is there.",
        ),
        ProblemKind(
            "held-at-delivery",
            409,
            "Held when it was to leave",
            "The order was decided again before delivery; `decision` is that decision, which is on record. The order "
            "is held now, and may be released.",
        ),
        ProblemKind(
            "release-refused",
            403,
            "The release doesn't count",
            "`reasons` says why by the policies; the refusal is on record. Somebody else may release the order.",
        ),
        ProblemKind(
            "own-order",
            403,
            "Not one's own order",
            "Who entered an order doesn't hold or reject it on the credit desk's behalf; the refusal is on record.",
        ),
        ProblemKind(
            "no-authority",
            403,
            "No authority over amounts",
            "A release takes a person whom the policies know by an authority; a program names one in "
            "Credence-On-Behalf-Of.",
        ),
        ProblemKind(
            "fact-comes-from-the-ledger",
            422,
            "The ledger knows this itself",
            "`facts` names what was given although only the ledger says it: what was paid, delivered or released.",
        ),
    )
}
"""By its slug, which is the code."""
