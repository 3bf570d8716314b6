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
            "fact-comes-from-the-ledger",
            422,
            "The ledger knows this itself",
            "`facts` names what was given although only the ledger says it: what was paid, delivered or released.",
        ),
    )
}
"""By its slug, which is the code."""
