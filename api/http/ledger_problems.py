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
            "moved-on",
            409,
            "Done before, and not as it was",
            "The same was sent and done before, and has moved on since: `state` says how it stands now. Nothing was "
            "done.",
        ),
        ProblemKind("unknown-group", 404, "No such group", "The ledger has no group with this number."),
        ProblemKind("unknown-limit", 404, "No such limit", "The account has no limit with this number."),
        ProblemKind("unknown-security", 404, "No such security", "The account has no security with this number."),
        ProblemKind(
            "unknown-payment",
            404,
            "No such payment",
            "The ledger has no payment, deposit, credit note or write-off with this number, or none that this can be "
            "done with.",
        ),
        ProblemKind(
            "unknown-invoice",
            422,
            "No such invoice",
            "`invoices` names what the account has no invoice of. Nothing was booked.",
        ),
        ProblemKind(
            "version-differs",
            412,
            "It has another version by now",
            "`If-Match` names a version, and somebody has changed it since; `version` is the one that it has.",
        ),
        ProblemKind(
            "account-not-empty",
            409,
            "The account isn't empty",
            "Its currency may change only while nothing is open, reserved or held; the document says what is.",
        ),
        ProblemKind(
            "group-currency-differs",
            409,
            "The group is in another currency",
            "What its accounts owe is added up, so that all of them are in its currency, and it keeps it.",
        ),
        ProblemKind(
            "already-booked-differently",
            409,
            "The number is there with other content",
            "An item with this number was booked before; `booked` is what it is. Nothing was changed.",
        ),
        ProblemKind(
            "over-allocated",
            422,
            "More is paid than there is",
            "The amounts of the references come to more than the payment. Nothing was booked.",
        ),
        ProblemKind("unknown-item", 404, "No such item", "The ledger has no item with this number."),
        ProblemKind("unknown-write-off", 404, "No such write-off", "The ledger has no write-off with this number."),
        ProblemKind(
            "more-than-open",
            409,
            "More than what is open",
            "`open_amount` says what is open of the invoice; no more than that can be written off.",
        ),
        ProblemKind(
            "write-off-refused",
            403,
            "The write-off doesn't count",
            "`reasons` has what the policies say, `authority` the lowest that may agree; null where they propose no "
            "write-off at all. The refusal is on record.",
        ),
        ProblemKind(
            "no-rate",
            422,
            "No exchange rate",
            "`currency` has no rate that is new enough for the day, so that nobody knows what the amount is worth.",
        ),
        ProblemKind(
            "grant-refused",
            403,
            "The grant doesn't count",
            "`reasons` has what the policies say against it: the authority, an own request, an own customer.",
        ),
        ProblemKind(
            "no-authority",
            403,
            "It takes a person with an authority",
            "A program that acts for nobody, and a person without an authority, can't do this.",
        ),
        ProblemKind(
            "limits-overlap",
            409,
            "Another temporary limit counts then",
            "`limit` is its number: two temporary limits never count on the same day.",
        ),
        ProblemKind(
            "limit-not-taken-over",
            409,
            "The account has had a limit here",
            "A limit can be taken over from elsewhere only as the first one; any other is asked for.",
        ),
        ProblemKind(
            "widens-credit",
            409,
            "It would give more credit",
            "The account would leave a group that has a limit or is insolvent, or be open again. Somebody at the desk "
            "with authority says so by sending both `group` and `closed`.",
        ),
        ProblemKind(
            "total-too-large",
            409,
            "More than can be decided on",
            "The amount would take a total of the account or its group out of the bounds of the fact that it is.",
        ),
        ProblemKind(
            "not-storable",
            422,
            "It can't be kept",
            "A number beyond 64 bits, or a text with the character U+0000. Nothing was done.",
        ),
        ProblemKind(
            "no-grade",
            409,
            "The policies give no grade",
            "`missing` names the facts that a grade wants; nothing was assigned.",
        ),
        ProblemKind(
            "already-graded",
            409,
            "The account was reviewed here",
            "A grade can be taken over from elsewhere only before the first review.",
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
            "delivery-differs",
            409,
            "The number is there with other content",
            "`delivery` is the number of another delivery or return of the order. Nothing was done.",
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
            "Who entered, changed or reopened an order doesn't hold, reject or release it on the credit desk's behalf, "
            "and the customer's sales person at its entry doesn't release it; the refusal is on record.",
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
