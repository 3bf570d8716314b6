"""What is done at the console: each form is one request to the operation, judged and recorded as that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.console.conftest import ConsoleDesk
from tests.support.console_visits import FoundForm, PageReader, Visitor
from tests.support.keyed_services import bearer, settings_in
from tests.support.running_service import running


@pytest.fixture
def held(console_desk: ConsoleDesk) -> Iterator[str]:
    """A new order that waits, of a customer with nothing else."""
    _held.append(None)
    number = f"R-{len(_held)}"
    console_desk.enter(number, "12000.00", "C-9")
    yield number


_held: list[None] = []
REASON = {"reason": "they pay on Friday"}


def _form(visitor: Visitor, order: str, move: str = "release") -> FoundForm:
    page = f"/console/orders/{order}/release" if move == "release" else f"/console/orders/{order}"
    return visitor.form(page, f"/console/orders/{order}/{move}")


def _state(desk: ConsoleDesk, order: str) -> dict[str, object]:
    answer = desk.client.get(f"/v1/orders/{order}", headers=bearer(desk.keys["u.auditor"]))
    found: dict[str, object] = answer.json()
    return found


def _releases(desk: ConsoleDesk, order: str) -> list[tuple[str, str]]:
    listed = _state(desk, order)["releases"]
    assert isinstance(listed, list)
    return [(each["state"], each["by"]) for each in listed]


def test_a_release_lets_the_order_go_and_says_so(console_desk: ConsoleDesk, manager: Visitor, held: str) -> None:
    answer = manager.send(_form(manager, held), REASON)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/orders/{held}?told=release")
    page = manager.page(f"{answer.headers['Location']}&lang=en")
    assert "Released." in page.text
    assert "they pay on Friday" in page.text
    assert held not in manager.page("/console/orders?account=C-9").text
    assert _releases(console_desk, held) == [("in_force", "u.hoffmann")]


def test_sent_twice_it_is_done_once(console_desk: ConsoleDesk, manager: Visitor, held: str) -> None:
    form = _form(manager, held)
    assert [manager.send(form, REASON).status_code for _ in range(2)] == [303, 409]
    assert _releases(console_desk, held) == [("in_force", "u.hoffmann")]


@pytest.mark.parametrize("key", ["\u00e9", "", "a b", "x" * 500])
def test_a_form_with_a_key_that_is_none_is_refused(
    console_desk: ConsoleDesk, manager: Visitor, held: str, key: str
) -> None:
    answer = manager.send(_form(manager, held), REASON | {"key": key})
    assert answer.status_code == 400
    assert _releases(console_desk, held) == []


def test_whoever_comes_second_is_told_who_was_quicker(console_desk: ConsoleDesk, manager: Visitor, held: str) -> None:
    with console_desk.visitor("u.keller") as second:
        form = _form(second, held)
        manager.send(_form(manager, held), REASON)
        answer = second.send(form, {"reason": "me too"})
        assert answer.status_code == 409
        second.get("/console/?lang=en")
        text = PageReader(second.send(form, {"reason": "me too"}).text).text
    assert "Somebody was quicker" in text
    assert "Already released by u.hoffmann" in text
    assert "they pay on Friday" in text
    assert "The order is approved now. Nothing was done." in text
    assert _releases(console_desk, held) == [("in_force", "u.hoffmann")]


def test_a_large_order_takes_two_persons(console_desk: ConsoleDesk, manager: Visitor) -> None:
    console_desk.enter("TWO-1", "30000.00", "C-9")
    answer = manager.send(_form(manager, "TWO-1"), REASON)
    assert answer.headers["Location"].endswith("?told=proposed")
    assert "A second person must release it too." in manager.page(f"{answer.headers['Location']}&lang=en").text
    with console_desk.visitor("u.keller") as second:
        assert second.send(_form(second, "TWO-1"), REASON).headers["Location"].endswith("?told=release")


def test_a_refusal_is_shown_with_its_reasons_and_recorded(console_desk: ConsoleDesk, held: str) -> None:
    """An assistant's release counts for nothing here."""
    with console_desk.visitor("u.weber") as assistant:
        page = assistant.page(f"/console/orders/{held}/release?lang=en")
        assert "It needs a credit manager." in page.text
        answer = assistant.send(_form(assistant, held), REASON)
        assert answer.status_code == 403
        text = PageReader(answer.text).text
        assert "The policies refuse this release." in text
        assert "is more than 10,000.00." in text
        assert "they pay on Friday" in answer.text
    assert _releases(console_desk, held) == [("refused", "u.weber")]


def test_nobody_releases_what_they_entered(console_desk: ConsoleDesk, manager: Visitor) -> None:
    """The button isn't there, and a form made by hand is refused."""
    console_desk.enter("OWN-1", "12000.00", "C-9", by="u.hoffmann")
    page = manager.page("/console/orders/OWN-1?lang=en")
    assert "You entered this order; someone else must release it." in page.text
    assert "/console/orders/OWN-1/release" not in page.links
    other = _form(manager, "SO-1")
    entry = str(_state(console_desk, "OWN-1")["order"]["journal_entry"])  # type: ignore[index]
    made = FoundForm(
        "/console/orders/OWN-1/release", "post", other.fields | {"journal_entry": entry, "key": "made-by-hand"}
    )
    assert manager.send(made, REASON).status_code == 403
    assert _releases(console_desk, "OWN-1") == [("refused", "u.hoffmann")]


@pytest.mark.parametrize("typed", [{"reason": ""}, {"reason": "x" * 2001}, {"reason": "x", "expires_on": "soon"}])
def test_what_is_wrong_with_a_form_is_said_on_it_and_what_was_typed_stays(
    console_desk: ConsoleDesk, manager: Visitor, held: str, typed: dict[str, str]
) -> None:
    answer = manager.send(_form(manager, held), typed)
    assert answer.status_code == 422
    read = PageReader(answer.text)
    assert any(form.action == f"/console/orders/{held}/release" for form in read.forms)
    assert typed["reason"] in read.text
    assert _releases(console_desk, held) == []


@pytest.mark.parametrize(("login", "status"), [("u.trainee", 403), ("u.collector", 403), ("u.becker", 403)])
def test_who_has_no_authority_has_no_form_and_a_made_one_is_refused(
    console_desk: ConsoleDesk, manager: Visitor, held: str, login: str, status: int
) -> None:
    entry = _form(manager, held).fields["journal_entry"]
    with console_desk.visitor(login) as visitor:
        token = visitor.form("/console/", "/console/sign-out").fields["form_token"]
        made = FoundForm(f"/console/orders/{held}/release", "post", {"form_token": token, "journal_entry": entry})
        assert visitor.send(made, REASON).status_code == status
    assert _releases(console_desk, held) == []


def test_rejected_held_and_decided_again(console_desk: ConsoleDesk, manager: Visitor, held: str) -> None:
    answer = manager.send(_form(manager, held, "recheck"), {})
    assert answer.headers["Location"].endswith("?told=recheck")
    answer = manager.send(_form(manager, held, "reject"), {"reason": "no more credit"})
    assert answer.headers["Location"].endswith("?told=reject")
    assert "rejected" in manager.page(f"/console/orders/{held}?lang=en").text
    console_desk.enter(f"{held}-B", "100.00", "C-7")
    answer = manager.send(_form(manager, f"{held}-B", "hold"), {"reason": "call them first"})
    assert answer.headers["Location"].endswith("?told=hold")
    assert "by a person" in manager.page("/console/orders?kind=manual&lang=en").text


def test_an_act_is_recorded_with_the_person_and_the_key(
    console_desk: ConsoleDesk, manager: Visitor, auditor: Visitor, held: str
) -> None:
    manager.send(_form(manager, held), REASON)
    key = bearer(console_desk.keys["u.auditor"])
    seq = _state(console_desk, held)["order"]["journal_entry"]  # type: ignore[index]
    record = console_desk.client.get(f"/v1/journal/{seq}", headers=key).json()
    assert re.fullmatch("key [0-9a-f]{10} of person [0-9a-f]{10}", record["actor"])


CASE = {"order.id": "T-1", "order.amount": "12000.00", "account.id": "C-1", "account.open_orders": "0.00"}
BY_JSON = '{"order": {"id": "T-1", "amount": "12000.00"}, "account": {"id": "C-1", "open_orders": "0.00"}}'


@pytest.mark.parametrize("typed", [CASE, {"json": BY_JSON}], ids=["form", "json"])
def test_a_case_is_tried_and_nothing_is_recorded(
    console_desk: ConsoleDesk, manager: Visitor, typed: dict[str, str]
) -> None:
    key = bearer(console_desk.keys["u.auditor"])

    def newest() -> object:
        return console_desk.client.get("/v1/journal?limit=1", headers=key).json()["records"][0]["seq"]

    before = newest()
    form = manager.form("/console/try/order?lang=en", "/console/try/order")
    answer = manager.send(form, typed)
    assert answer.status_code == 200
    text = PageReader(answer.text).text
    assert "Would be hold" in text
    assert "12,000.00 is more than 10,000.00." in text
    assert newest() == before


WRONG_CASES = {
    "an amount that is none": (CASE | {"order.amount": "many"}, "/order/amount"),
    "a day that is none": (CASE | {"as_of": "yesterday"}, "/as_of"),
    "no JSON": ({"json": "{"}, "not"),
    "JSON with a name twice": ({"json": '{"order": {}, "order": {}}'}, "/order"),
    "nothing": ({}, "/order"),
}


@pytest.mark.parametrize("case", WRONG_CASES)
def test_what_is_wrong_with_a_case_is_said_beside_the_form(manager: Visitor, case: str) -> None:
    typed, place = WRONG_CASES[case]
    answer = manager.send(manager.form("/console/try/order?lang=en", "/console/try/order"), typed)
    assert answer.status_code == 422
    text = PageReader(answer.text).text
    assert "The case can't be used." in text
    assert place in text


def test_the_pages_answer_while_nothing_is_in_force(tmp_path: Path) -> None:
    """What needs policies says so in words; the rest goes on."""
    settings = settings_in(tmp_path)
    (settings.rules / "orders.yaml").write_text("policy: [\n...\n", encoding="utf-8")
    with running(settings) as client, Visitor(client) as visitor:
        assert "is not in force" in visitor.page("/console/?lang=en").text
        assert "Nothing is held." in visitor.page("/console/orders").text
        answer = visitor.get("/console/try/order")
        assert answer.status_code == 503
        assert "No policies are in force" in PageReader(answer.text).text
