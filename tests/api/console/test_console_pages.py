"""What stands on the console's pages: for every reader, in both languages, under headers without exception, and with
whatever customers are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from api.console.decision_pages import reason_titles
from api.console.frame import HEADERS, STATIC, static_path
from api.explanation_job import ShownRule
from api.http.access_table import ROWS
from ledger.access.roles import Role
from tests.api.console.conftest import FORMULA, LONG, SCRIPT, ConsoleDesk
from tests.support.console_visits import PageReader, Visitor

OF_DESK = (
    "/console/", "/console/orders", "/console/orders?rule=orders.over-limit", "/console/orders?liftable=true",
    "/console/orders?account=C-9", "/console/orders/SO-1", "/console/orders/SO-2", "/console/orders/SO-1/release",
    "/console/orders/SO-2/release", "/console/accounts", "/console/accounts?text=zzz", "/console/accounts/C-1",
    "/console/accounts/C-2", "/console/accounts/C-9", "/console/decisions", "/console/decisions?subject=zzz",
    "/console/decisions?outcome=hold", "/console/search?q=", "/console/search?q=C", "/console/try/order",
    "/console/try/account", "/console/reference", "/console/sign-in",
)  # fmt: skip
OF_AUDITOR = (
    "/console/", "/console/journal", "/console/journal?kind=order", "/console/journal/1", "/console/journal/5",
    "/console/audit", "/console/audit/releases", "/console/audit/access", "/console/audit/limits",
    "/console/audit/policy-changes", "/console/audit/exceptions", "/console/verify", "/console/verify?run=true",
)  # fmt: skip
PAGES = [*(("u.hoffmann", page) for page in OF_DESK), *(("u.auditor", page) for page in OF_AUDITOR)]
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def _visitor(login: str, manager: Visitor, auditor: Visitor) -> Visitor:
    return manager if login == "u.hoffmann" else auditor


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("login", "page"), PAGES)
def test_a_page_is_whole_and_loads_nothing_but_our_own(
    login: str, page: str, language: str, manager: Visitor, auditor: Visitor
) -> None:
    """No script, no style beside the sheet, nothing from elsewhere, and links that lead somewhere."""
    mark = "&" if "?" in page else "?"
    answer = _visitor(login, manager, auditor).get(f"{page}{mark}lang={language}")
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    read = PageReader(answer.text)
    assert ("html", {"lang": {"en": "en", "zh": "zh-Hans"}[language]}) in read.tags
    assert set(read.loaded) == {static_path(name) for name in STATIC}
    assert not {tag for tag, _ in read.tags} & {"script", "style", "iframe", "object", "base", "img", "embed"}
    assert [name for _, said in read.tags for name in said if name == "style" or name.startswith("on")] == []
    for link in [*read.links, *(form.action for form in read.forms)]:
        assert urlsplit(urljoin("http://here/console/", link)).netloc == "here", link
        assert urlsplit(link).scheme == ""
    assert all(form.method == "get" or "form_token" in form.fields for form in read.forms)


def test_the_policy_for_browsers_has_no_exception() -> None:
    policy = HEADERS["Content-Security-Policy"]
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert said["default-src"] == "'none'"
    assert set(said.values()) <= {"'none'", "'self'"}
    assert "script-src" not in said
    assert {"form-action", "base-uri", "frame-ancestors"} <= set(said)


@pytest.mark.parametrize(("login", "page"), [each for each in PAGES if "reference" not in each[1]])
def test_a_reader_of_english_meets_no_chinese_of_ours(
    login: str, page: str, manager: Visitor, auditor: Visitor
) -> None:
    mark = "&" if "?" in page else "?"
    text = _visitor(login, manager, auditor).page(f"{page}{mark}lang=en").text
    assert set(_CHINESE.findall(text)) <= {"中文"}


def test_the_language_stays_and_the_page_too(manager: Visitor) -> None:
    page = manager.page("/console/orders?rule=orders.over-limit&lang=zh")
    assert "订单处理台" in page.text
    assert "订单处理台" in manager.page("/console/orders").text
    [back] = [link for link in page.links if link.endswith("lang=en")]
    assert back == "?rule=orders.over-limit&lang=en"
    assert "Order desk" in manager.page(f"/console/orders{back}").text


def test_a_held_order_says_why_what_would_help_and_who_may(manager: Visitor) -> None:
    text = manager.page("/console/orders?account=C-1&lang=en").text
    assert "EUR 12,000.00 is more than 10,000.00." in text
    assert "To pass: Payment of EUR 2,000.00." in text
    assert "an order of EUR 9,500.00 or less" in text
    assert "credit manager or above" in text
    assert "Release…" in text
    assert "Nordwind Handels GmbH" in text
    assert "本单后" not in text
    assert "EUR 12,000.00 超过上限。" in manager.page("/console/orders?account=C-1&lang=zh").text


def test_the_filters_are_links_and_no_result_says_which_to_drop(manager: Visitor) -> None:
    page = manager.page("/console/orders?lang=en")
    assert "?rule=orders.over-limit" in {link.replace("&lang=en", "").replace("lang=en&", "") for link in page.links}
    nothing = manager.page("/console/orders?account=C-0&lang=en")
    assert "No held order is like this." in nothing.text
    assert "/console/orders" in nothing.links


def test_pages_of_the_desk_go_on(console_desk: ConsoleDesk, manager: Visitor) -> None:
    for number in range(26):
        console_desk.enter(f"P-{number}", "11000.00", "C-8")
    first = manager.page("/console/orders?account=C-8")
    [following] = [link for link in first.links if "cursor=" in link]
    assert "P-25" in manager.page(f"/console/orders{following}").text
    assert "P-25" not in first.text


@pytest.mark.parametrize("page", ["orders", "accounts", "orders/H-C-2", "accounts/C-2", "search?q=C-2", "decisions"])
def test_what_customers_are_called_is_text(page: str, manager: Visitor) -> None:
    answer = manager.client.get(f"/console/{page}", headers={"Accept": "text/html"}, follow_redirects=True)
    assert answer.status_code == 200
    assert SCRIPT not in answer.text
    if page != "decisions":
        assert SCRIPT in PageReader(answer.text).text


def test_a_mark_that_turns_the_direction_turns_nothing(manager: Visitor) -> None:
    answer = manager.get("/console/accounts/C-4")
    assert "\u202e" not in answer.text
    assert '<bdi dir="auto">شركة' in answer.text
    assert LONG in manager.page("/console/accounts/C-3").text


def test_a_file_for_a_spreadsheet_runs_nothing(manager: Visitor) -> None:
    text = manager.get("/console/orders.csv?account=C-5&lang=en").text
    assert f"'{FORMULA}".replace('"', '""') in text
    assert "30000.00,EUR" in text
    assert "'30000" not in text


READERS = {
    "u.becker": ({"orders", "decisions", "try", "reference"}, {"accounts", "journal", "audit", "verify"}),
    "u.collector": ({"orders", "accounts", "decisions", "try"}, {"journal", "audit"}),
    "u.editor": ({"orders", "accounts", "decisions"}, {"journal", "verify"}),
    "u.auditor": ({"orders", "accounts", "decisions", "journal", "audit", "verify", "try"}, set()),
    "u.erp": ({"orders", "accounts", "decisions"}, {"journal", "try"}),
}


@pytest.mark.parametrize("login", READERS)
def test_the_navigation_shows_what_the_reader_may_open(login: str, console_desk: ConsoleDesk) -> None:
    shown, hidden = READERS[login]
    with console_desk.visitor(login) as visitor:
        links = {link for link in visitor.page("/console/").links if not link.startswith("?")}
        words = {link.split("/")[2] for link in links if link.startswith("/console/") and len(link.split("/")) > 2}
        assert shown <= words
        assert not hidden & words
        for link in links:
            assert visitor.get(link).status_code in (200, 303), link


@pytest.mark.parametrize("login", READERS)
def test_a_page_that_is_not_for_somebody_says_for_whom_it_is(login: str, console_desk: ConsoleDesk) -> None:
    with console_desk.visitor(login) as visitor:
        for word in READERS[login][1]:
            path = f"/console/{word}/order" if word == "try" else f"/console/{word}"
            answer = visitor.get(f"{path}?lang=en")
            assert answer.status_code == 403
            text = PageReader(answer.text).text
            assert "This is not for your role" in text
            assert "This is for: " in text
            assert "auditor" in text
            assert "此页面面向：" in PageReader(visitor.get(f"{path}?lang=zh").text).text


@pytest.mark.parametrize("path", ["/console/audit", "/console/nothing"])
def test_a_refusal_knows_whom_it_refuses(path: str, manager: Visitor) -> None:
    """Whoever is signed in stays so on the pages of what went wrong too."""
    answer = manager.get(f"{path}?lang=en")
    page = PageReader(answer.text)
    assert "u.hoffmann (credit manager)" in page.text
    assert "nobody with a role" not in page.text
    assert "/console/orders" in page.links
    assert "/console/sign-in" not in page.links
    assert ("You are: credit desk." in page.text) == (answer.status_code == 403)


def test_order_entry_sees_its_own_orders_and_no_figure_of_the_customer(console_desk: ConsoleDesk) -> None:
    with console_desk.visitor("u.becker") as own, console_desk.visitor("u.klein") as other:
        assert "SO-1" in own.page("/console/orders").text
        assert own.get("/console/orders/SO-1/release").status_code == 403
        assert "Nordwind" not in own.page("/console/orders/SO-1").text
        assert "SO-1" not in other.page("/console/orders").text
        refused = other.get("/console/orders/SO-1")
        assert refused.status_code == 403
        assert "EUR" not in refused.text


def test_who_may_not_see_figures_is_told_that_something_is_withheld(console_desk: ConsoleDesk) -> None:
    with console_desk.visitor("u.editor") as editor, console_desk.visitor("u.hoffmann") as desk:
        found = desk.client.get("/console/orders/SO-1", headers={"Accept": "text/html"}).text
        decision = next(link for link in PageReader(found).links if "/decisions/" in link)
        page = editor.page(f"{decision}?lang=en")
        assert "Some of this is confidential and not shown to your role." in page.text
        assert "How it came about" not in page.text


def test_an_editor_is_not_told_by_what_would_be_paid_what_is_owed(console_desk: ConsoleDesk, manager: Visitor) -> None:
    with console_desk.visitor("u.editor") as editor:
        page = editor.page("/console/orders?account=C-1&lang=en")
        file = editor.get("/console/orders.csv?account=C-1&lang=en").text
    assert "SO-1" in file
    assert "9500.00" not in file
    assert "A figure that you may not see." in page.text
    assert "9,500.00" not in page.text
    assert "9,500.00" in manager.page("/console/orders?account=C-1&lang=en").text


def _rule(id: str, title: str) -> ShownRule:
    return ShownRule(
        id=id, title=title, place="", fired=True, effect="", is_decisive=True, conditions=(), missing=(), source=()
    )


def test_a_decision_names_its_rules_once_and_as_they_were_called(manager: Visitor) -> None:
    of_its_day = [_rule("orders.a", "Limit"), _rule("orders.b", "orders.b")]
    assert reason_titles({"orders.a": "Limit now", "orders.c": "Terms"}, of_its_day) == {
        "orders.a": "Limit",
        "orders.c": "Terms",
    }
    order = manager.page("/console/orders/SO-1?lang=en")
    page = manager.page(next(link for link in order.links if "/decisions/" in link))
    assert "orders.over-limit orders.over-limit" not in page.text


def test_a_decision_shows_how_it_came_about_by_the_policies_of_its_day(manager: Visitor) -> None:
    order = manager.page("/console/orders/SO-1?lang=en")
    page = manager.page(next(link for link in order.links if "/decisions/" in link) + "?lang=en")
    assert "the same answer, byte for byte" in page.text
    assert "after > 10000" in page.text
    assert "12,000.00 > 10000" in page.text
    assert "account.open_orders + order.amount" in page.text
    assert "= 0.00 + 12,000.00" in page.text
    assert "As written: orders.yaml" in page.text.replace("rules/", "")
    assert "over-limit:" in page.text


def test_a_customer_shows_what_the_exposure_is_made_of(manager: Visitor) -> None:
    page = manager.page("/console/accounts/C-1?lang=en")
    assert [said["aria-label"] for tag, said in page.tags if tag == "svg"] == [
        "What the exposure is made of",
        "Limit and exposure over twelve months",
    ]
    assert "Reserved for orders 500.00" in page.text
    files = {link for link in page.links if link.endswith(".csv")}
    assert files == {f"/console/accounts/C-1/{name}.csv" for name in ("exposure", "aging", "limit")}
    rows = manager.get("/console/accounts/C-1/exposure.csv?lang=en").text.splitlines()
    assert rows[0].lstrip("\ufeff") == "Part,Amount"
    assert "Reserved for orders,500.00" in rows
    assert manager.get("/console/accounts/C-1/other.csv").status_code == 404


def test_a_record_is_proved_on_its_page_step_by_step(auditor: Visitor) -> None:
    page = auditor.page("/console/journal/1?lang=en")
    assert page.text.count("✓") == 5
    assert "✗" not in page.text
    proof = auditor.get("/console/journal/1/proof")
    assert proof.text.startswith("c2sp.org/tlog-proof@v1\n")
    assert proof.headers["Content-Disposition"] == 'attachment; filename="record-1.tlog-proof"'
    assert auditor.get("/console/journal/999999").status_code == 404


def test_the_check_of_the_ledger_says_that_all_adds_up(auditor: Visitor) -> None:
    assert "Everything adds up." in auditor.page("/console/verify?run=true&lang=en").text


def test_reports_and_records_are_in_the_readers_language(console_desk: ConsoleDesk, auditor: Visitor) -> None:
    """What was done, by whom and when, as people read it; the words of programs stand in the file."""
    with console_desk.visitor("u.hoffmann") as desk:
        console_desk.enter("A-1", "12000.00", "C-7")
        desk.send(desk.form("/console/orders/A-1", "/console/orders/A-1/reject"), {"reason": "x"})
    journal = auditor.page("/console/journal?kind=order&lang=zh").text
    assert "拒绝" in journal
    assert "reject" not in journal
    number = next(link for link in auditor.page("/console/journal?kind=order").links if "/journal/" in link)
    assert "结果 拒绝" in auditor.page(f"{number}?lang=zh").text
    report = auditor.page("/console/audit/policy-changes?lang=zh").text
    assert "首次启用" in report
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC", report)
    assert not re.search(r"\b[0-9a-f]{40}", report.partition("改为")[0])
    assert "leaf" in auditor.get("/console/audit/policy-changes?form=csv").text.splitlines()[0]


@pytest.mark.parametrize("report", ["releases", "limits", "exceptions", "policy-changes", "access"])
@pytest.mark.parametrize(("form", "kind"), [("csv", "text/csv"), ("ndjson", "application/x-ndjson")])
def test_a_report_is_taken_away_as_programs_get_it(report: str, form: str, kind: str, auditor: Visitor) -> None:
    answer = auditor.get(f"/console/audit/{report}?form={form}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{report}.{form}"'


SEARCHES = {
    "SO-1": "/console/orders/SO-1",
    " C-1 ": "/console/accounts/C-1",
    "nordwind": "/console/accounts/C-1",
    SCRIPT: "/console/accounts/C-2",
}


@pytest.mark.parametrize("text", SEARCHES)
def test_the_search_box_leads_straight_to_what_is_meant(text: str, manager: Visitor) -> None:
    answer = manager.client.get("/console/search", params={"q": text}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, SEARCHES[text])


@pytest.mark.parametrize("text", ["", "zzz", "../..", "a/b", "%2e%2e", "<b>", "x" * 300, "\u2066"])
def test_the_search_box_takes_anything(text: str, manager: Visitor) -> None:
    answer = manager.client.get("/console/search", params={"q": text, "lang": "en"}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "Nothing that you may see has this number or name." in answer.text


WRONG = {
    "/console/nothing": (404, "There is nothing here"),
    "/console/orders/NOPE": (404, "There is no such order"),
    "/console/accounts/NOPE": (404, "There is no such customer"),
    "/console/decisions/NOPE": (404, "There is no such decision"),
    "/console/orders?kind=other": (422, "Something in it can't be used"),
    "/console/orders?cursor=zzz": (422, "Something in it can't be used"),
    "/console/decisions?from=yesterday": (422, "Something in it can't be used"),
    "/console/static/other.css": (404, "There is nothing here"),
}


@pytest.mark.parametrize("path", WRONG)
def test_what_goes_wrong_is_a_page_in_words_and_a_problem_for_programs(
    path: str, manager: Visitor, console_desk: ConsoleDesk
) -> None:
    status, words = WRONG[path]
    mark = "&" if "?" in path else "?"
    answer = manager.get(f"{path}{mark}lang=en")
    assert (answer.status_code, {name: answer.headers[name] for name in HEADERS}) == (status, HEADERS)
    assert words in PageReader(answer.text).text
    chinese = PageReader(manager.get(f"{path}{mark}lang=zh").text)
    assert words not in chinese.text
    key = {"Authorization": f"Bearer {console_desk.keys['u.hoffmann']}"}
    program = console_desk.client.get(path, headers=key)
    assert (program.status_code, program.headers["Content-Type"]) == (status, "application/problem+json")


def test_looking_changes_nothing(console_desk: ConsoleDesk, manager: Visitor, auditor: Visitor) -> None:
    key = {"Authorization": f"Bearer {console_desk.keys['u.auditor']}"}

    def newest() -> int:
        return int(console_desk.client.get("/v1/journal?limit=1", headers=key).json()["records"][0]["seq"])

    before = newest()
    for login, page in PAGES:
        _visitor(login, manager, auditor).get(page)
    assert newest() == before


def test_each_page_has_the_rights_of_the_operation_that_it_shows() -> None:
    """Whoever widens a page widens the operation, or nothing."""
    rights = {(row.method, row.path): row.rights for row in ROWS}
    pages = {path: method for method, path in rights if path.startswith("/console/")}
    same = {path.removeprefix("/console"): path for path in pages}
    checked = 0
    for word, path in same.items():
        operation = ("POST" if pages[path] == "POST" else "GET", f"/v1{word}")
        if operation in rights and not word.startswith(("/orders", "/audit")):
            assert rights[pages[path], path] == rights[operation], path
            checked += 1
    assert checked >= 7
    assert rights["GET", "/console/orders"] == rights["GET", "/v1/holds"]
    for move in ("release", "reject", "hold", "recheck"):
        assert rights["POST", f"/console/orders/{{id}}/{move}"] == rights["POST", f"/v1/orders/{{id}}/{move}"]


def _forms() -> Iterator[tuple[str, str]]:
    yield from (("u.hoffmann", page) for page in OF_DESK)


@pytest.mark.parametrize(("login", "page"), [*_forms()])
def test_each_form_goes_to_a_route_with_a_row(login: str, page: str, manager: Visitor) -> None:
    known = [re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(row.path))) for row in ROWS if row.method == "POST"]
    for form in manager.page(page).forms:
        if form.method == "post":
            assert any(pattern.fullmatch(form.action) for pattern in known), form.action


def test_all_roles_but_the_one_for_metrics_have_a_home() -> None:
    rights = next(row.rights for row in ROWS if row.path == "/console/")
    assert set(rights) == set(Role) - {Role.METRICS}
