"""Every cell of the table of who may make which request, as it was settled, held against the code and the service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from api.http.access_table import LATER, NO_ROLE, ROWS, AccessRow, Right
from api.http.admission import check_routes
from api.http.app import create_app
from api.settings import Settings
from ledger.access.roles import Authority, Role
from tests.support.keyed_services import EVERY_ROLE, asking_for_keys, bearer, people_with_keys, settings_in

COLUMNS = (*Role, NO_ROLE)
SETTLED = """
                                   order-entry booking collector desk editor approver auditor privacy admin metrics none
GET  /healthz                      may   may   may   may   may   may   may   may   may   may   may
GET  /                             may   may   may   may   may   may   may   may   may   may   may
GET  /readyz                       may   may   may   may   may   may   may   may   may   may   ready
GET  /metrics                      -     -     -     -     -     -     -     -     may   may   -
GET  /v1/facts                     may   may   may   may   may   may   may   may   may   -     -
GET  /openapi.json                 may   may   may   may   may   may   may   may   may   -     -
GET  /docs                         may   may   may   may   may   may   may   may   may   -     -
GET  /problems/{slug}              may   may   may   may   may   may   may   may   may   -     -
GET  /v1/policies                  -     -     -     may   may   may   may   -     may   -     -
POST /v1/policies/check            -     -     -     -     may   may   -     -     -     -     -
POST /v1/policies/activate         -     -     -     -     -     may   -     -     -     -     -
POST /v1/policies/init             -     -     -     -     -     -     -     -     may   -     -
POST /v1/policies/drafts           -     -     -     -     may   may   -     -     -     -     -
GET  /v1/policies/drafts/{number}  -     -     -     may   may   may   may   -     may   -     -
PUT  /v1/policies/drafts/{number}  -     -     -     -     may   may   -     -     -     -     -
POST /v1/policies/drafts/{number}/propose -     -     -     -     may   may   -     -     may   -     -
GET  /v1/policies/proposals        -     -     -     may   may   may   may   -     may   -     -
GET  /v1/policies/proposals/{number} -     -     -     may   may   may   may   -     may   -     -
POST /v1/policies/proposals/{number}/approve -     -     -     -     -     noto  -     -     -     -     -
POST /v1/policies/proposals/{number}/reject -     -     -     -     -     noto  -     -     -     -     -
POST /v1/policies/proposals/{number}/activate -     -     -     -     -     noto  -     -     -     -     -
POST /v1/policies/proposals/{number}/cancel -     -     -     -     -     may   -     -     -     -     -
POST /v1/policies/proposals/{number}/withdraw -     -     -     -     may   may   -     -     -     -     -
GET  /v1/policies/activations      -     -     -     may   may   may   may   -     may   -     -
GET  /v1/policies/versions/{version} -     -     -     may   may   may   may   -     may   -     -
POST /v1/policies/rollback         -     -     -     -     -     may   -     -     -     -     -
POST /v1/decisions/order           may   -     -     may   -     -     -     -     -     -     -
POST /v1/decisions/invoice         -     -     may   may   -     -     -     -     -     -     -
POST /v1/decisions/account         -     -     may   may   -     -     -     -     -     -     -
POST /v1/decisions/portfolio       -     -     may   may   -     -     -     -     -     -     -
POST /v1/decisions/limit           -     -     may   may   -     -     -     -     -     -     -
POST /v1/decisions/order/nearest   may   -     -     may   may   may   may   -     -     -     -
POST /v1/decisions/limit/nearest   -     -     may   may   may   may   may   -     -     -     -
POST /v1/decisions/{case}          may   -     may   may   -     -     -     -     -     -     -
GET  /v1/decisions                 own   own   some  may   mask  mask  may   -     -     -     -
GET  /v1/decisions/{id}            own   own   some  may   mask  mask  may   -     -     -     -
GET  /v1/decisions/{id}/proof      own   own   some  may   mask  mask  may   -     -     -     -
GET  /v1/journal                   -     -     -     -     -     -     may   head  head  -     -
GET  /v1/journal/{record}          -     -     -     -     -     -     may   head  head  -     -
GET  /v1/journal/{record}/proof    -     -     -     -     -     -     may   head  head  -     -
POST /v1/journal/cosignatures      -     -     -     -     -     -     may   -     -     -     -
GET  /checkpoint                   -     -     -     -     -     -     may   -     may   -     set
GET  /tile/entries/{bundle:path}   -     -     -     -     -     -     may   -     may   -     -
GET  /tile/{tile:path}             -     -     -     -     -     -     may   -     may   -     set
GET  /v1/journal/{record}/replay   -     -     -     -     -     -     may   head  head  -     -
GET  /v1/erasures                  -     -     -     -     -     -     may   may   may   -     -
POST /v1/erasures                  -     -     -     -     -     -     -     prop  conf  -     -
GET  /v1/audit/policy-changes      -     -     -     -     -     -     may   head  head  -     -
GET  /v1/audit/access              -     -     -     -     -     -     may   head  head  -     -
GET  /v1/audit/sample              -     -     -     -     -     -     may   head  head  -     -
GET  /v1/audit/case/{record}       -     -     -     -     -     -     may   -     -     -     -
POST /v1/audit/completeness        -     -     -     -     -     -     may   -     -     -     -
GET  /v1/audit/releases            -     -     -     -     -     -     may   head  head  -     -
GET  /v1/audit/limits              -     -     -     -     -     -     may   head  head  -     -
GET  /v1/audit/exceptions          -     -     -     -     -     -     may   head  head  -     -
GET  /v1/ledger/verify             -     -     -     -     -     -     may   -     may   -     -
POST /v1/import/{kind}             -     may   -     auth  -     -     -     -     -     -     -
GET  /v1/imports/{id}              -     may   -     may   -     -     -     -     -     -     -
GET  /v1/imports/{id}/rejects      -     may   -     may   -     -     -     -     -     -     -
POST /v1/orders                    may   -     -     may   -     -     -     -     -     -     -
GET  /v1/accounts                  -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}             -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}/facts       -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}/exposure    -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}/entries     -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}/limits      -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}/securities  -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}/items       -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/accounts/{id}/timeline    -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/groups/{id}               -     -     may   may   -     -     may   -     -     -     -
PUT  /v1/accounts/{id}             -     may   -     auth  -     -     -     -     -     -     -
PUT  /v1/groups/{id}               -     may   -     auth  -     -     -     -     -     -     -
POST /v1/accounts/{id}/figures     -     may   -     auth  -     -     -     -     -     -     -
PUT  /v1/accounts/{id}/securities/{security} - may - auth - - - - - - -
POST /v1/accounts/{id}/securities/{security}/end - may - may - - - - - - -
POST /v1/accounts/{id}/limits      -     -     may   may   -     -     -     -     -     -     -
POST /v1/accounts/{id}/limits/{number}/grant - - - auth - - - - - - -
POST /v1/accounts/{id}/limits/{number}/refuse - - - auth - - - - - - -
POST /v1/accounts/{id}/limits/{number}/end - - - auth - - - - - - -
POST /v1/accounts/{id}/block       -     -     -     auth  -     -     -     -     -     -     -
POST /v1/accounts/{id}/unblock     -     -     -     auth  -     -     -     -     -     -     -
POST /v1/accounts/{id}/assess      -     -     -     auth  -     -     -     -     -     -     -
POST /v1/invoices                  -     may   -     -     -     -     -     -     -     -     -
POST /v1/credit-notes              -     may   -     -     -     -     -     -     -     -     -
POST /v1/payments                  -     may   -     -     -     -     -     -     -     -     -
POST /v1/deposits                  -     may   -     -     -     -     -     -     -     -     -
POST /v1/payments/{id}/reverse     -     may   -     may   -     -     -     -     -     -     -
POST /v1/payments/{id}/allocate    -     may   -     -     -     -     -     -     -     -     -
POST /v1/payments/{id}/unallocate  -     may   -     may   -     -     -     -     -     -     -
GET  /v1/items/{id}                -     own   may   may   mask  mask  may   -     -     -     -
GET  /v1/receivables               -     -     may   may   -     -     may   -     -     -     -
GET  /v1/register                  -     -     may   may   -     -     may   -     -     -     -
POST /v1/write-offs                -     -     prop  auth  -     -     -     -     -     -     -
GET  /v1/write-offs                -     -     may   may   -     -     may   -     -     -     -
POST /v1/write-offs/{id}/approve   -     -     -     auth  -     -     -     -     -     -     -
POST /v1/write-offs/{id}/refuse    -     -     -     auth  -     -     -     -     -     -     -
POST /v1/rates                     -     may   -     -     -     -     -     -     -     -     -
GET  /v1/invoices/{id}             -     -     may   may   -     -     may   -     -     -     -
GET  /v1/invoices/{id}/plan        -     -     may   may   -     -     may   -     -     -     -
POST /v1/disputes                  -     -     may   may   -     -     -     -     -     -     -
POST /v1/disputes/settle           -     -     may   may   -     -     -     -     -     -     -
POST /v1/promises                  -     -     may   may   -     -     -     -     -     -     -
POST /v1/promises/withdraw         -     -     may   may   -     -     -     -     -     -     -
POST /v1/plans                     -     -     may   may   -     -     -     -     -     -     -
POST /v1/plans/agree               -     -     -     auth  -     -     -     -     -     -     -
POST /v1/plans/end                 -     -     may   may   -     -     -     -     -     -     -
POST /v1/contacts                  -     -     may   may   -     -     -     -     -     -     -
POST /v1/dunning-blocks            -     -     may   may   -     -     -     -     -     -     -
POST /v1/dunning-blocks/end        -     -     may   may   -     -     -     -     -     -     -
POST /v1/item-facts                -     -     may   may   -     -     -     -     -     -     -
POST /v1/collectors                -     -     may   may   -     -     -     -     -     -     -
GET  /v1/worklist                  -     -     may   may   -     -     may   -     -     -     -
POST /v1/worklist/{entry}/done     -     -     may   may   -     -     -     -     -     -     -
POST /v1/worklist/{entry}/promise  -     -     may   may   -     -     -     -     -     -     -
POST /v1/worklist/{entry}/dispute  -     -     may   may   -     -     -     -     -     -     -
POST /v1/worklist/{entry}/defer    -     -     may   may   -     -     -     -     -     -     -
POST /v1/worklist/{entry}/skip     -     -     may   may   -     -     -     -     -     -     -
GET  /v1/day                       -     -     may   may   -     -     may   -     may   -     -
POST /v1/day                       -     -     -     may   -     -     -     -     may   -     -
GET  /v1/orders                    own   -     -     may   -     -     may   -     -     -     -
GET  /v1/orders/{id}               own   -     -     may   -     -     may   -     -     -     -
POST /v1/orders/preview            may   -     -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/change        own   -     -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/recheck       own   -     -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/cancel        own   -     -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/reopen        own   -     -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/deliver       own   bill  -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/undeliver     -     bill  -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/close         own   bill  -     may   -     -     -     -     -     -     -
POST /v1/orders/{id}/release       -     -     -     auth  -     -     -     -     -     -     -
POST /v1/orders/{id}/hold          -     -     -     auth  -     -     -     -     -     -     -
POST /v1/orders/{id}/reject        -     -     -     auth  -     -     -     -     -     -     -
GET  /v1/holds                     own   own   may   may   mask  mask  may   -     -     -     -
POST /v1/holds/release             -     -     -     auth  -     -     -     -     -     -     -
GET  /v1/accounts/{id}/headroom    may   -     -     may   -     -     may   -     -     -     -
GET  /v1/people                    -     -     -     -     -     -     may   -     may   -     -
POST /v1/people                    -     -     -     -     -     -     -     -     may   -     -
POST /v1/people/{login}/change     -     -     -     -     -     -     -     -     may   -     -
POST /v1/people/{login}/end        -     -     -     -     -     -     -     -     may   -     -
POST /v1/people/{login}/erase      -     -     -     -     -     -     -     -     may   -     -
GET  /v1/keys                      -     -     -     -     -     -     may   -     may   -     -
POST /v1/keys                      -     -     -     -     -     -     -     -     may   -     -
POST /v1/keys/{id}/revoke          -     -     -     -     -     -     -     -     may   -     -
GET  /v1/webhooks                  -     -     -     -     -     -     may   -     may   -     -
GET  /v1/webhooks/dead-letters     -     -     -     -     -     -     may   -     may   -     -
POST /v1/webhooks                  -     -     -     -     -     -     -     -     may   -     -
POST /v1/webhooks/{id}/change      -     -     -     -     -     -     -     -     may   -     -
POST /v1/webhooks/{id}/end         -     -     -     -     -     -     -     -     may   -     -
POST /v1/webhooks/{id}/rotate      -     -     -     -     -     -     -     -     may   -     -
POST /v1/webhooks/{id}/send-again  -     -     -     -     -     -     -     -     may   -     -
GET  /console/sign-in              may   may   may   may   may   may   may   may   may   may   may
POST /console/sign-in              may   may   may   may   may   may   may   may   may   may   may
POST /console/sign-out             may   may   may   may   may   may   may   may   may   may   may
GET  /console/static/{name}        may   may   may   may   may   may   may   may   may   may   may
GET  /console                      may   may   may   may   may   may   may   may   may   -     -
GET  /console/                     may   may   may   may   may   may   may   may   may   -     -
GET  /console/search               may   may   may   may   may   may   may   may   may   -     -
GET  /console/orders               own   own   may   may   mask  mask  may   -     -     -     -
GET  /console/orders.csv           own   own   may   may   mask  mask  may   -     -     -     -
GET  /console/orders/{id}          own   -     -     may   -     -     may   -     -     -     -
GET  /console/orders/{id}/release  -     -     -     auth  -     -     -     -     -     -     -
POST /console/orders/{id}/release  -     -     -     auth  -     -     -     -     -     -     -
POST /console/orders/{id}/reject   -     -     -     auth  -     -     -     -     -     -     -
POST /console/orders/{id}/hold     -     -     -     auth  -     -     -     -     -     -     -
POST /console/orders/{id}/recheck  own   -     -     may   -     -     -     -     -     -     -
GET  /console/decisions            own   own   some  may   mask  mask  may   -     -     -     -
GET  /console/decisions/{id}       own   own   some  may   mask  mask  may   -     -     -     -
GET  /console/accounts             -     own   may   may   mask  mask  may   -     -     -     -
GET  /console/accounts/{id}        -     own   may   may   mask  mask  may   -     -     -     -
GET  /console/accounts/{id}/{chart}.csv - own may may mask mask may - - - -
GET  /console/journal              -     -     -     -     -     -     may   head  head  -     -
GET  /console/journal/{record}     -     -     -     -     -     -     may   head  head  -     -
GET  /console/journal/{record}/proof - - - - - - may head head - -
GET  /console/audit                -     -     -     -     -     -     may   head  head  -     -
GET  /console/audit/{report}       -     -     -     -     -     -     may   head  head  -     -
GET  /console/verify               -     -     -     -     -     -     may   -     may   -     -
GET  /console/try/order            may   -     -     may   may   may   may   -     -     -     -
POST /console/try/order            may   -     -     may   may   may   may   -     -     -     -
GET  /console/try/invoice          -     -     may   may   may   may   may   -     -     -     -
POST /console/try/invoice          -     -     may   may   may   may   may   -     -     -     -
GET  /console/try/account          -     -     may   may   may   may   may   -     -     -     -
POST /console/try/account          -     -     may   may   may   may   may   -     -     -     -
GET  /console/try/portfolio        -     -     may   may   may   may   may   -     -     -     -
POST /console/try/portfolio        -     -     may   may   may   may   may   -     -     -     -
GET  /console/try/limit            -     -     may   may   may   may   may   -     -     -     -
POST /console/try/limit            -     -     may   may   may   may   may   -     -     -     -
GET  /console/reference            may   may   may   may   may   may   may   may   may   -     -
"""
WORDS = {
    "may": Right.FULL,
    "own": Right.OWN,
    "some": Right.INVOICES_AND_ACCOUNTS,
    "mask": Right.MASKED,
    "head": Right.HEADER,
    "ready": Right.READINESS,
    "set": Right.SETTING,
    "auth": Right.AUTHORITY,
    "prop": Right.PROPOSE,
    "conf": Right.CONFIRM,
    "bill": Right.DELIVER_BILL,
    "noto": Right.NOT_OWN,
    "-": None,
}


def _settled() -> dict[tuple[str, str], dict[Role | None, Right | None]]:
    heading, *lines = SETTLED.strip("\n").splitlines()
    assert heading.split() == [*Role, "none"]
    rows = {}
    for line in lines:
        method, path, *cells = line.split()
        rows[method, path] = dict(zip(COLUMNS, (WORDS[cell] for cell in cells), strict=True))
    return rows


TABLE = _settled()
CELLS = [pytest.param(row, role, id=f"{row.method} {row.path} {role or 'none'}") for row in ROWS for role in COLUMNS]


def test_the_table_in_the_code_is_the_one_that_was_settled() -> None:
    in_code = {(row.method, row.path): {role: row.rights.get(role) for role in COLUMNS} for row in ROWS}
    assert in_code == TABLE


def test_no_row_stands_twice_and_none_without_a_route() -> None:
    app = create_app(Settings())
    routes = {(method, route.path) for route in app.routes for method in route.methods}  # type: ignore[attr-defined]
    assert [(row.method, row.path) for row in ROWS if (row.method, row.path) not in routes] == []
    assert len({(row.method, row.path) for row in ROWS}) == len(ROWS)


def test_what_is_to_come_stands_once_and_is_not_there_yet() -> None:
    """Once its route is built, a row moves up to `ROWS`, and the settled table above gets its line."""
    later = [(row.method, row.path) for row in LATER]
    assert len(set(later)) == len(later)
    assert {(row.method, row.path) for row in ROWS} & set(later) == set()
    assert all(row.rights for row in LATER)


def test_a_route_without_a_row_keeps_the_service_from_starting() -> None:
    app = create_app(Settings())
    check_routes(app)

    @app.delete("/v1/decisions/{id}")
    async def forget(id: str) -> None: ...

    with pytest.raises(RuntimeError, match=r"DELETE /v1/decisions/\{id\}"):
        check_routes(app)


def test_what_is_no_route_of_ours_has_no_row_either() -> None:
    app = create_app(Settings())
    app.mount("/files", FastAPI())
    with pytest.raises(RuntimeError, match="/files"):
        check_routes(app)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx2.Client, dict[str, str]]]:
    home: Path = tmp_path_factory.mktemp("service")
    settings = settings_in(home)
    people = people_with_keys(settings.journal, {**EVERY_ROLE, "nobody": frozenset()}, Authority.ASSISTANT)
    with asking_for_keys(settings) as client:
        yield client, people


FILLED = {
    "slug": "not-found",
    "case": "ordr",
    "id": "01a20069-767e-7289-841e-0c1e0d8f48ea",
    "login": "stranger",
    "record": "0",
    "number": "1",
    "security": "G-1",
    "bundle:path": "000",
    "tile:path": "0/000",
    "chart": "aging",
    "report": "access",
    "name": "console.css",
}


def _asked(client: httpx2.Client, row: AccessRow, key: str | None) -> httpx2.Response:
    path = row.path
    for name, value in FILLED.items():
        path = path.replace(f"{{{name}}}", value)
    body: dict[str, object] | None = None if row.method == "GET" else {}
    return client.request(row.method, path, json=body, headers=bearer(key) if key else {})


@pytest.mark.parametrize(("row", "role"), CELLS)
def test_a_cell_says_what_a_role_may(
    keys: tuple[httpx2.Client, dict[str, str]], row: AccessRow, role: Role | None
) -> None:
    """Bodies are empty: whoever may ask is told what is missing, which is not a matter of roles any more."""
    client, people = keys
    right = _unless_set(TABLE[row.method, row.path][role])
    answer = _asked(client, row, None if role is None else people[role])
    if right is None and role is None:
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="credence"'
    elif right is None:
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
        assert all(each in answer.json()["detail"] for each in row.roles)
        assert f"{role} has {role}" in answer.json()["detail"]
    elif right is Right.AUTHORITY and answer.status_code == 403:
        assert answer.json()["detail"] == f"{role} has no authority over amounts"
    else:
        assert answer.status_code not in (401, 403, 500), answer.text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_a_person_without_a_role_may_what_everybody_may(
    keys: tuple[httpx2.Client, dict[str, str]], row: AccessRow
) -> None:
    client, people = keys
    status = _asked(client, row, people["nobody"]).status_code
    assert (status == 403) == (_unless_set(TABLE[row.method, row.path][NO_ROLE]) is None)


def _unless_set(right: Right | None) -> Right | None:
    """The service of these tests doesn't show its log to everybody."""
    return None if right is Right.SETTING else right


@pytest.mark.parametrize("role", COLUMNS)
def test_diagnostics_are_for_those_who_have_a_role(
    keys: tuple[httpx2.Client, dict[str, str]], role: Role | None
) -> None:
    client, people = keys
    told = client.get("/readyz", headers=bearer(people[role]) if role else {}).json()
    assert (set(told) == {"ready"}) == (role is None)
    assert told["ready"] is True


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/metrics%0A", 404),
        ("POST", "/v1/decisions/order%0A", 404),
        ("POST", "/v1/decisions/order%20", 404),
        ("POST", "/v1/decisions/order/", 404),
        ("POST", "//v1/decisions/order", 404),
        ("GET", "/v1/people/a/b", 404),
        ("GET", "/METRICS", 404),
        ("DELETE", "/v1/policies", 405),
        ("PUT", "/v1/decisions/order", 405),
        ("OPTIONS", "/v1/decisions/order", 405),
        ("GET", "/v1/policies/activate", 405),
    ],
)
def test_what_the_table_does_not_name_leads_nowhere(
    keys: tuple[httpx2.Client, dict[str, str]], method: str, path: str, status: int
) -> None:
    """However the framework would read the path; and without a key nobody learns which paths there are."""
    client, people = keys
    assert client.request(method, path).status_code == 401
    assert client.request(method, path, headers=bearer(people["desk"])).status_code == status


def test_head_is_what_get_is(keys: tuple[httpx2.Client, dict[str, str]]) -> None:
    client, people = keys
    for login, status in (("metrics", 200), ("desk", 403)):
        answer = client.head("/metrics", headers=bearer(people[login]))
        assert (answer.status_code, answer.content) == (status, b"")
