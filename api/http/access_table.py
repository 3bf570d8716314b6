"""Who may make which request: one row for each route. Data, and nothing else decides it.

A row names a route, and for each role what it may there; a role that isn't named may nothing. Whoever has several roles
may what any of them may. A route without a row keeps the service from starting, and a row in `ROWS` without a route
fails a test. `LATER` has the rows of routes that are not built; it shrinks to nothing.

    ("GET", "/v1/decisions/{id}")   order-entry: its own; auditor: everything; admin: nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.access.roles import Role

NO_ROLE = None
"""Whoever comes without a key, and whoever has no role."""


class Right(StrEnum):
    """What a role may at a route."""

    FULL = "may"
    """All of it."""

    READINESS = "ready or not, without diagnostics"
    """Of `/readyz`."""

    OWN = "own"
    """Only what the same person or service asked for; of an order, entered."""

    INVOICES_AND_ACCOUNTS = "invoices, accounts"
    """Decisions of these kinds."""

    MASKED = "masked"
    """Decisions without what is confidential."""

    HEADER = "header"
    """What a record says without naming anybody, and without what was asked and answered."""

    SETTING = "by setting"
    """Only where the service is set to show its log to everybody."""

    PROPOSE = "propose"
    """Of an erasure or a write-off: somebody else decides."""

    CONFIRM = "confirm"
    """Of an erasure: what another person has proposed."""

    AUTHORITY = "within authority, not own"
    """Persons with authority over amounts; how far it goes, and that nobody judges an own order, the policies say."""

    DELIVER_BILL = "deliver, bill"
    """What an ERP tells of an order that is on its way."""

    NOT_OWN = "not own"
    """Of a change of policies: what they didn't draft or edit."""

    # of routes that are not built yet, so that nothing grants them
    READ = "read"
    TWO = "two persons"


@dataclass(frozen=True, slots=True)
class AccessRow:
    """What each role may at one route."""

    method: str
    path: str
    """As the route is declared: `/v1/decisions/{id}`."""

    rights: Mapping[Role | None, Right] = field(hash=False)
    """By role; `NO_ROLE` for everybody."""

    keeps_people: bool = False
    """Whether the key that a service without people prints may ask for it."""

    @property
    def is_open(self) -> bool:
        """Nobody is asked who they are."""
        return self.rights.get(NO_ROLE) is Right.FULL

    @property
    def roles(self) -> frozenset[Role]:
        """Those that may something here."""
        return frozenset(role for role in self.rights if role is not NO_ROLE)


ORDER_ENTRY, BOOKING, COLLECTOR, DESK, EDITOR, APPROVER, AUDITOR, PRIVACY, ADMIN, METRICS = Role
_ALL: tuple[Role, ...] = tuple(Role)
_PEOPLE = tuple(role for role in Role if role is not METRICS)
_POLICY_READERS = (DESK, EDITOR, APPROVER, AUDITOR, ADMIN)


def _may(*roles: Role | None, **limited: Right) -> dict[Role | None, Right]:
    """`_may(DESK, order_entry=Right.OWN)`."""
    return dict.fromkeys(roles, Right.FULL) | {Role(name.replace("_", "-")): right for name, right in limited.items()}


_SEE_DECISIONS = _may(
    DESK, AUDITOR, order_entry=Right.OWN, booking=Right.OWN, collector=Right.INVOICES_AND_ACCOUNTS,
    editor=Right.MASKED, approver=Right.MASKED,
)  # fmt: skip
_TRY = _may(ORDER_ENTRY, DESK, EDITOR, APPROVER, AUDITOR)
_TRY_OTHERS = _may(COLLECTOR, DESK, EDITOR, APPROVER, AUDITOR)
_JOURNAL = _may(AUDITOR, privacy=Right.HEADER, admin=Right.HEADER)
_LOG = _may(AUDITOR, ADMIN) | {NO_ROLE: Right.SETTING}
_ORDERS = _may(ORDER_ENTRY, DESK)
_SEE_ORDERS = _may(DESK, AUDITOR, order_entry=Right.OWN)
_OWN_ORDERS = _may(DESK, order_entry=Right.OWN)
_DELIVERIES = _OWN_ORDERS | _may(booking=Right.DELIVER_BILL)
_RETURNS = _may(DESK, booking=Right.DELIVER_BILL)
_JUDGED = _may(desk=Right.AUTHORITY)
_RAISES = _may(BOOKING, desk=Right.AUTHORITY)
"""What may give more credit: booking is the ERP's interface, and says what stands there; a person at the desk needs the
authority that a release takes, or an own held order could be lifted in another way."""

_RECEIVABLES = _may(COLLECTOR, DESK, AUDITOR, booking=Right.OWN, editor=Right.MASKED, approver=Right.MASKED)
_COLLECTIONS = _may(COLLECTOR, DESK)
_SEE_COLLECTIONS = _may(COLLECTOR, DESK, AUDITOR)

_SEE_PROPOSALS = _may(DESK, EDITOR, APPROVER, AUDITOR, ADMIN)
_NOT_OWN = _may(approver=Right.NOT_OWN)

_OPERATIONS = (
    AccessRow("GET", "/healthz", _may(*_ALL, NO_ROLE)),
    AccessRow("GET", "/", _may(*_ALL, NO_ROLE)),
    AccessRow("GET", "/readyz", _may(*_ALL) | {NO_ROLE: Right.READINESS}),
    AccessRow("GET", "/metrics", _may(ADMIN, METRICS)),
    AccessRow("GET", "/v1/facts", _may(*_PEOPLE)),
    AccessRow("GET", "/openapi.json", _may(*_PEOPLE)),
    AccessRow("GET", "/docs", _may(*_PEOPLE)),
    AccessRow("GET", "/problems/{slug}", _may(*_PEOPLE)),
    AccessRow("GET", "/v1/policies", _may(*_POLICY_READERS)),
    AccessRow("POST", "/v1/policies/check", _may(EDITOR, APPROVER)),
    AccessRow("POST", "/v1/policies/activate", _may(APPROVER)),
    AccessRow("POST", "/v1/policies/init", _may(ADMIN)),
    AccessRow("POST", "/v1/policies/drafts", _may(EDITOR, APPROVER)),
    AccessRow("GET", "/v1/policies/drafts/{number}", _SEE_PROPOSALS),
    AccessRow("PUT", "/v1/policies/drafts/{number}", _may(EDITOR, APPROVER)),
    AccessRow("POST", "/v1/policies/drafts/{number}/propose", _may(EDITOR, APPROVER, ADMIN)),
    AccessRow("GET", "/v1/policies/proposals", _SEE_PROPOSALS),
    AccessRow("GET", "/v1/policies/proposals/{number}", _SEE_PROPOSALS),
    AccessRow("POST", "/v1/policies/proposals/{number}/approve", _NOT_OWN),
    AccessRow("POST", "/v1/policies/proposals/{number}/reject", _NOT_OWN),
    AccessRow("POST", "/v1/policies/proposals/{number}/activate", _NOT_OWN),
    AccessRow("POST", "/v1/policies/proposals/{number}/cancel", _may(APPROVER)),
    AccessRow("POST", "/v1/policies/proposals/{number}/withdraw", _may(EDITOR, APPROVER)),
    AccessRow("GET", "/v1/policies/activations", _SEE_PROPOSALS),
    AccessRow("GET", "/v1/policies/versions/{version}", _SEE_PROPOSALS),
    AccessRow("POST", "/v1/policies/rollback", _may(APPROVER)),
    AccessRow("POST", "/v1/decisions/order", _may(ORDER_ENTRY, DESK)),
    AccessRow("POST", "/v1/decisions/invoice", _may(COLLECTOR, DESK)),
    AccessRow("POST", "/v1/decisions/account", _may(COLLECTOR, DESK)),
    AccessRow("POST", "/v1/decisions/portfolio", _may(COLLECTOR, DESK)),
    AccessRow("POST", "/v1/decisions/limit", _may(COLLECTOR, DESK)),
    AccessRow("POST", "/v1/decisions/order/nearest", _TRY),
    AccessRow("POST", "/v1/decisions/limit/nearest", _TRY_OTHERS),
    AccessRow("GET", "/v1/decisions", _SEE_DECISIONS),
    AccessRow("GET", "/v1/decisions/{id}", _SEE_DECISIONS),
    AccessRow("GET", "/v1/decisions/{id}/proof", _SEE_DECISIONS),
    AccessRow("POST", "/v1/decisions/{case}", _may(ORDER_ENTRY, COLLECTOR, DESK)),  # a mistyped kind of case: 404
    AccessRow("GET", "/v1/journal", _JOURNAL),
    AccessRow("GET", "/v1/journal/{record}", _JOURNAL),
    AccessRow("GET", "/v1/journal/{record}/proof", _JOURNAL),
    AccessRow("POST", "/v1/journal/cosignatures", _may(AUDITOR)),
    AccessRow("GET", "/checkpoint", _LOG),
    AccessRow("GET", "/tile/entries/{bundle:path}", _may(AUDITOR, ADMIN)),
    AccessRow("GET", "/tile/{tile:path}", _LOG),
    AccessRow("GET", "/v1/journal/{record}/replay", _JOURNAL),
    AccessRow("GET", "/v1/erasures", _may(PRIVACY, ADMIN, AUDITOR)),
    AccessRow("POST", "/v1/erasures", _may(privacy=Right.PROPOSE, admin=Right.CONFIRM)),
    AccessRow("GET", "/v1/audit/policy-changes", _JOURNAL),
    AccessRow("GET", "/v1/audit/access", _JOURNAL),
    AccessRow("GET", "/v1/audit/sample", _JOURNAL),
    AccessRow("GET", "/v1/audit/case/{record}", _may(AUDITOR)),
    AccessRow("POST", "/v1/audit/completeness", _may(AUDITOR)),
    AccessRow("POST", "/v1/orders", _ORDERS),
    AccessRow("GET", "/v1/orders", _SEE_ORDERS),
    AccessRow("GET", "/v1/orders/{id}", _SEE_ORDERS),
    AccessRow("POST", "/v1/orders/preview", _ORDERS),
    AccessRow("POST", "/v1/orders/{id}/change", _OWN_ORDERS),
    AccessRow("POST", "/v1/orders/{id}/recheck", _OWN_ORDERS),
    AccessRow("POST", "/v1/orders/{id}/cancel", _OWN_ORDERS),
    AccessRow("POST", "/v1/orders/{id}/reopen", _OWN_ORDERS),
    AccessRow("POST", "/v1/orders/{id}/deliver", _DELIVERIES),
    AccessRow("POST", "/v1/orders/{id}/undeliver", _RETURNS),
    AccessRow("POST", "/v1/orders/{id}/close", _DELIVERIES),
    AccessRow("POST", "/v1/orders/{id}/release", _JUDGED),
    AccessRow("POST", "/v1/orders/{id}/hold", _JUDGED),
    AccessRow("POST", "/v1/orders/{id}/reject", _JUDGED),
    AccessRow("GET", "/v1/holds", _RECEIVABLES | _may(order_entry=Right.OWN)),
    AccessRow("POST", "/v1/holds/release", _JUDGED),
    AccessRow("GET", "/v1/accounts/{id}/headroom", _may(ORDER_ENTRY, DESK, AUDITOR)),
    AccessRow("GET", "/v1/accounts", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}/facts", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}/exposure", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}/entries", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}/limits", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}/securities", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}/items", _RECEIVABLES),
    AccessRow("GET", "/v1/accounts/{id}/timeline", _RECEIVABLES),
    AccessRow("GET", "/v1/groups/{id}", _may(COLLECTOR, DESK, AUDITOR)),
    AccessRow("GET", "/v1/receivables", _may(COLLECTOR, DESK, AUDITOR)),
    AccessRow("GET", "/v1/register", _may(COLLECTOR, DESK, AUDITOR)),
    AccessRow("PUT", "/v1/accounts/{id}", _RAISES),
    AccessRow("PUT", "/v1/groups/{id}", _RAISES),
    AccessRow("POST", "/v1/accounts/{id}/figures", _RAISES),
    AccessRow("PUT", "/v1/accounts/{id}/securities/{security}", _RAISES),
    AccessRow("POST", "/v1/accounts/{id}/securities/{security}/end", _may(BOOKING, DESK)),
    AccessRow("POST", "/v1/accounts/{id}/limits", _may(COLLECTOR, DESK)),
    AccessRow("POST", "/v1/accounts/{id}/limits/{number}/grant", _may(desk=Right.AUTHORITY)),
    AccessRow("POST", "/v1/accounts/{id}/limits/{number}/refuse", _may(desk=Right.AUTHORITY)),
    AccessRow("POST", "/v1/accounts/{id}/limits/{number}/end", _may(desk=Right.AUTHORITY)),
    AccessRow("POST", "/v1/accounts/{id}/block", _may(desk=Right.AUTHORITY)),
    AccessRow("POST", "/v1/accounts/{id}/unblock", _may(desk=Right.AUTHORITY)),
    AccessRow("POST", "/v1/accounts/{id}/assess", _JUDGED),
    AccessRow("POST", "/v1/invoices", _may(BOOKING)),
    AccessRow("POST", "/v1/credit-notes", _may(BOOKING)),
    AccessRow("POST", "/v1/payments", _may(BOOKING)),
    AccessRow("POST", "/v1/deposits", _may(BOOKING)),
    AccessRow("POST", "/v1/payments/{id}/reverse", _may(BOOKING, DESK)),
    AccessRow("POST", "/v1/payments/{id}/allocate", _may(BOOKING)),
    AccessRow("POST", "/v1/payments/{id}/unallocate", _may(BOOKING, DESK)),
    AccessRow("GET", "/v1/items/{id}", _RECEIVABLES),
    AccessRow("POST", "/v1/write-offs", _may(collector=Right.PROPOSE, desk=Right.AUTHORITY)),
    AccessRow("GET", "/v1/write-offs", _may(COLLECTOR, DESK, AUDITOR)),
    AccessRow("POST", "/v1/write-offs/{id}/approve", _JUDGED),
    AccessRow("POST", "/v1/write-offs/{id}/refuse", _JUDGED),
    AccessRow("POST", "/v1/rates", _may(BOOKING)),
    AccessRow("GET", "/v1/invoices/{id}", _SEE_COLLECTIONS),
    AccessRow("GET", "/v1/invoices/{id}/plan", _SEE_COLLECTIONS),
    AccessRow("POST", "/v1/disputes", _COLLECTIONS),
    AccessRow("POST", "/v1/disputes/settle", _COLLECTIONS),
    AccessRow("POST", "/v1/promises", _COLLECTIONS),
    AccessRow("POST", "/v1/promises/withdraw", _COLLECTIONS),
    AccessRow("POST", "/v1/plans", _COLLECTIONS),
    AccessRow("POST", "/v1/plans/agree", _JUDGED),
    AccessRow("POST", "/v1/plans/end", _COLLECTIONS),
    AccessRow("POST", "/v1/contacts", _COLLECTIONS),
    AccessRow("POST", "/v1/dunning-blocks", _COLLECTIONS),
    AccessRow("POST", "/v1/dunning-blocks/end", _COLLECTIONS),
    AccessRow("POST", "/v1/item-facts", _COLLECTIONS),
    AccessRow("POST", "/v1/collectors", _COLLECTIONS),
    AccessRow("GET", "/v1/worklist", _SEE_COLLECTIONS),
    AccessRow("POST", "/v1/worklist/{entry}/done", _COLLECTIONS),
    AccessRow("POST", "/v1/worklist/{entry}/promise", _COLLECTIONS),
    AccessRow("POST", "/v1/worklist/{entry}/dispute", _COLLECTIONS),
    AccessRow("POST", "/v1/worklist/{entry}/defer", _COLLECTIONS),
    AccessRow("POST", "/v1/worklist/{entry}/skip", _COLLECTIONS),
    AccessRow("GET", "/v1/day", _may(COLLECTOR, DESK, AUDITOR, ADMIN)),
    AccessRow("POST", "/v1/day", _may(DESK, ADMIN)),
    AccessRow("GET", "/v1/audit/releases", _JOURNAL),
    AccessRow("GET", "/v1/audit/limits", _JOURNAL),
    AccessRow("GET", "/v1/audit/exceptions", _JOURNAL),
    AccessRow("GET", "/v1/ledger/verify", _may(AUDITOR, ADMIN)),
    AccessRow("POST", "/v1/import/{kind}", _RAISES),
    AccessRow("GET", "/v1/imports/{id}", _may(BOOKING, DESK)),
    AccessRow("GET", "/v1/imports/{id}/rejects", _may(BOOKING, DESK)),
    AccessRow("GET", "/v1/people", _may(ADMIN, AUDITOR), keeps_people=True),
    AccessRow("POST", "/v1/people", _may(ADMIN), keeps_people=True),
    AccessRow("POST", "/v1/people/{login}/change", _may(ADMIN), keeps_people=True),
    AccessRow("POST", "/v1/people/{login}/end", _may(ADMIN), keeps_people=True),
    AccessRow("POST", "/v1/people/{login}/erase", _may(ADMIN), keeps_people=True),
    AccessRow("GET", "/v1/keys", _may(ADMIN, AUDITOR), keeps_people=True),
    AccessRow("POST", "/v1/keys", _may(ADMIN), keeps_people=True),
    AccessRow("POST", "/v1/keys/{id}/revoke", _may(ADMIN), keeps_people=True),
    AccessRow("GET", "/v1/webhooks", _may(ADMIN, AUDITOR)),
    AccessRow("GET", "/v1/webhooks/dead-letters", _may(ADMIN, AUDITOR)),
    AccessRow("POST", "/v1/webhooks", _may(ADMIN)),
    AccessRow("POST", "/v1/webhooks/{id}/change", _may(ADMIN)),
    AccessRow("POST", "/v1/webhooks/{id}/end", _may(ADMIN)),
    AccessRow("POST", "/v1/webhooks/{id}/rotate", _may(ADMIN)),
    AccessRow("POST", "/v1/webhooks/{id}/send-again", _may(ADMIN)),
)
"""Every route that programs ask for."""


def _later(*routes: str, rights: Mapping[Role | None, Right]) -> Iterable[AccessRow]:
    for route in routes:
        method, _, path = route.partition(" ")
        yield AccessRow(method, path, rights)


_WRITE_OFF = _may(collector=Right.PROPOSE, desk=Right.AUTHORITY, auditor=Right.READ)
_DRAFTS = _may(EDITOR, APPROVER, desk=Right.READ, auditor=Right.READ)

LATER = (
    *_later("GET /v1/decisions/{id}/explanation", rights=_SEE_DECISIONS),
    *_later("POST /v1/decisions/order/try", rights=_TRY),
    *_later("POST /v1/decisions/invoice/try", "POST /v1/decisions/account/try", rights=_TRY_OTHERS),
    *_later("POST /v1/decisions/portfolio/try", "POST /v1/decisions/limit/try", rights=_TRY_OTHERS),
    *_later("POST /v1/journal/export", rights=_JOURNAL),
    *_later("GET /v1/settings", rights=_may(ADMIN, AUDITOR)),
    *_later("PUT /v1/settings", rights=_may(ADMIN)),
    *_later("POST /v1/settlements", rights=_WRITE_OFF),
    *_later("POST /v1/policies/flips", "POST /v1/policies/simulate", rights=_DRAFTS),
    *_later("POST /v1/policies/diff", "POST /v1/policies/prove", rights=_DRAFTS),
    *_later("POST /v1/invariants", rights=_may(editor=Right.PROPOSE, approver=Right.TWO, auditor=Right.READ)),
    *_later("PUT /v1/policies/mode", rights=_may(ADMIN)),
)
"""Rows of routes that are not built. Each action of the console has the row of its `/v1` operation."""


def _page(method: str, path: str, operation: str) -> AccessRow:
    """A page of the console has the row of the operation that it shows, or does: `GET /v1/holds`."""
    of = next(row for row in (*_OPERATIONS, *LATER) if f"{row.method} {row.path}" == operation)
    return AccessRow(method, path, of.rights)


_EVERYBODY = _may(*_ALL, NO_ROLE)
_MOVES = ("release", "reject", "hold", "recheck")
_CONSOLE = (
    AccessRow("GET", "/console/sign-in", _EVERYBODY),
    AccessRow("POST", "/console/sign-in", _EVERYBODY),
    AccessRow("POST", "/console/sign-out", _EVERYBODY),
    AccessRow("GET", "/console/static/{name}", _EVERYBODY),
    _page("GET", "/console", "GET /v1/facts"),
    _page("GET", "/console/", "GET /v1/facts"),
    _page("GET", "/console/search", "GET /v1/facts"),
    _page("GET", "/console/orders", "GET /v1/holds"),
    _page("GET", "/console/orders.csv", "GET /v1/holds"),
    _page("GET", "/console/orders/{id}", "GET /v1/orders/{id}"),
    _page("GET", "/console/orders/{id}/release", "POST /v1/orders/{id}/release"),
    *(_page("POST", f"/console/orders/{{id}}/{move}", f"POST /v1/orders/{{id}}/{move}") for move in _MOVES),
    _page("GET", "/console/decisions", "GET /v1/decisions"),
    _page("GET", "/console/decisions/{id}", "GET /v1/decisions/{id}"),
    _page("GET", "/console/accounts", "GET /v1/accounts"),
    _page("GET", "/console/accounts/{id}", "GET /v1/accounts/{id}"),
    _page("GET", "/console/accounts/{id}/{chart}.csv", "GET /v1/accounts/{id}"),
    _page("GET", "/console/journal", "GET /v1/journal"),
    _page("GET", "/console/journal/{record}", "GET /v1/journal/{record}"),
    _page("GET", "/console/journal/{record}/proof", "GET /v1/journal/{record}/proof"),
    _page("GET", "/console/audit", "GET /v1/audit/access"),
    _page("GET", "/console/audit/{report}", "GET /v1/audit/access"),
    _page("GET", "/console/verify", "GET /v1/ledger/verify"),
    *(
        _page(method, f"/console/try/{case}", f"POST /v1/decisions/{case}/try")
        for case in ("order", "invoice", "account", "portfolio", "limit")
        for method in ("GET", "POST")
    ),
    _page("GET", "/console/reference", "GET /docs"),
)

ROWS = (*_OPERATIONS, *_CONSOLE)
"""Every route that there is."""
