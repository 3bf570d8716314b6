"""What may give more credit takes authority of a person at the desk; the ERP's interface says what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from api.settings import Settings
from tests.support.paths import RULES
from tests.support.running_service import running

ACCOUNT = "/v1/accounts/C-1"
RAISING = {
    "a profile": ("PUT", ACCOUNT, '{"profile": {"insolvent": false, "sales_person": "u.other"}}'),
    "a group's limit": ("PUT", "/v1/groups/G-1", '{"limit": "9.00"}'),
    "a security": ("PUT", f"{ACCOUNT}/securities/S-1", '{"kind": "bank_guarantee", "amount": "9.00"}'),
    "figures": ("POST", f"{ACCOUNT}/figures", '{"figures": {"current_ratio": "1.4"}}'),
    "a review": ("POST", f"{ACCOUNT}/assess", "{}"),
    "a file of limits": ("POST", "/v1/import/limits?check=true", "account,amount\nC-1,9.00\n"),
    "a file of securities": (
        "POST",
        "/v1/import/securities?check=true",
        "account,security,kind,amount\nC-1,S,x,9.00\n",
    ),
    "a file of groups": ("POST", "/v1/import/groups?check=true", "group,limit\nG-1,9.00\n"),
    "a file of figures": ("POST", "/v1/import/figures?check=true", "account,current_ratio\nC-1,1.4\n"),
    "a file of profiles": ("POST", "/v1/import/accounts?update=true&check=true", "account,insolvent\nC-1,false\n"),
    "a file of payments": ("POST", "/v1/import/payments?check=true", "payment,account,amount\nP-1,C-1,9.00\n"),
    "a list of open items": (
        "POST",
        "/v1/import/open-items?complete=true&really=true&check=true",
        "invoice,account,open_amount,due_on\nI-1,C-1,9.00,2026-07-01\n",
    ),
    "a file of rates": ("POST", "/v1/import/rates?check=true", "currency,date,rate\nUSD,2026-07-01,9.00\n"),
}
CAUTIOUS = {
    "the end of a security": ("POST", f"{ACCOUNT}/securities/S-1/end", '{"reason": "gone"}'),
}


@pytest.fixture(scope="module", name="service")
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder = tmp_path_factory.mktemp("authority")
    with running(Settings(rules=RULES, journal=Path(folder / "credence.db"))) as client:
        client.put(ACCOUNT, json={}).raise_for_status()
        yield client


def _status(service: httpx2.Client, what: tuple[str, str, str], who: str) -> int:
    method, path, body = what
    media = "text/csv" if "/import/" in path else "application/json"
    headers = {"Content-Type": media, "Credence-On-Behalf-Of": f"u.hoffmann; {who}"}
    return service.request(method, path, content=body.encode(), headers=headers).status_code


@pytest.mark.parametrize("what", RAISING)
def test_a_person_at_the_desk_needs_authority(service: httpx2.Client, what: str) -> None:
    assert _status(service, RAISING[what], "roles=desk") == 403
    assert _status(service, RAISING[what], "roles=desk; authority=credit_manager") != 403
    booking = _status(service, RAISING[what], "roles=booking")
    assert (booking == 403) == (what == "a review")


@pytest.mark.parametrize("what", CAUTIOUS)
def test_what_gives_no_credit_needs_none(service: httpx2.Client, what: str) -> None:
    assert _status(service, CAUTIOUS[what], "roles=desk") != 403


def test_only_authority_opens_a_closed_account_again_or_takes_it_out_of_its_group(service: httpx2.Client) -> None:
    group = ("PUT", "/v1/groups/G-9", '{"limit": "9.00"}')
    assert _status(service, group, "roles=booking") == 201

    def put(body: str, who: str) -> int:
        return _status(service, ("PUT", "/v1/accounts/C-9", body), who)

    desk = "roles=desk; authority=credit_manager"
    assert put('{"group": "G-9", "closed": true}', "roles=booking") == 201
    for body in ('{"closed": true}', '{"group": "G-9"}', '{"group": null, "closed": false}'):
        assert put(body, "roles=booking") == 409
        assert put(body, "roles=desk") == 403
    assert put('{"closed": true}', desk) == 409, "it has to be said in so many words"
    assert put('{"group": null, "closed": false}', desk) == 200
