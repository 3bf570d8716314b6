"""What people do at the console, in a real browser, with exact texts."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.long

MANAGER = ("w.weber", "desk")
PAGES = (
    "/console/", "/console/orders", "/console/orders/SO-1001", "/console/orders/SO-1001/release", "/console/accounts",
    "/console/accounts/C-17", "/console/accounts/C-66", "/console/decisions", "/console/journal", "/console/journal/1",
    "/console/audit", "/console/audit/limits", "/console/verify?run=true", "/console/try/order", "/console/search?q=C",
    "/console/sign-in",
)  # fmt: skip
HELD = "Exposure after this order, EUR 63,500.00, is more than 5% above the limit of EUR 60,000.00."
HELD_ZH = "本单后敞口 EUR 63,500.00 超过信用额度 EUR 60,000.00，超出幅度大于容差 5%。"
REMEDY = "Payment, deposit or security of EUR 500.00, a smaller order, or a higher limit."


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_manager_finds_by_its_rule_why_an_order_waits_and_what_would_let_it_pass(
    opened: OpenPage, *, scripts: bool
) -> None:
    with opened(*MANAGER, authority="credit_manager", java_script_enabled=scripts) as page:
        page.get_by_role("link", name="Order desk").click()
        page.get_by_role("link", name=re.compile("^Credit limit")).click()
        row = page.get_by_role("row", name="SO-1001")
        expect(row).to_contain_text(HELD)
        expect(row).to_contain_text(REMEDY)
        expect(row).to_contain_text("an order of EUR 18,000.00 or less")
        expect(row).to_contain_text("EUR 500.00 paid")
        expect(row.get_by_role("link", name="Release…")).to_be_visible()


def test_the_same_in_chinese(opened: OpenPage) -> None:
    with opened(*MANAGER, authority="credit_manager", language="zh") as page:
        page.goto("/console/orders?account=C-17")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        expect(page.get_by_role("row", name="SO-1001")).to_contain_text(HELD_ZH)
        expect(page.get_by_role("heading", name="订单处理台")).to_be_visible()
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("row", name="SO-1001")).to_contain_text(HELD)


def test_an_assistant_is_told_who_may_before_any_click(opened: OpenPage) -> None:
    with opened("a.assistant", "desk", authority="assistant") as page:
        page.goto("/console/orders/SO-1001")
        expect(page.get_by_role("main")).to_contain_text("It needs a credit manager.")
        expect(page.get_by_role("link", name="Release…")).to_have_count(0)


def test_the_bars_of_a_customer_add_up_to_the_exposure(opened: OpenPage) -> None:
    with opened(*MANAGER, authority="credit_manager") as page:
        page.goto("/console/accounts/C-17")
        expect(page.get_by_role("img", name="What the exposure is made of")).to_contain_text("45,000.00")
        page.get_by_text("As a table").first.click()
        table = page.get_by_role("region", name="What the exposure is made of")
        cells = [cell.replace(",", "") for cell in table.locator("td.num").all_inner_texts()]
        assert cells[:5] == ["45000.00", "0.00", "0.00", "0.00", "45000.00"]
        items = page.locator('td[data-name="Open"]').all_inner_texts()
        assert sorted(items) == ["EUR 15,000.00", "EUR 30,000.00"]


def test_a_decision_shows_the_rule_as_it_was_written_and_every_number_of_it(opened: OpenPage) -> None:
    with opened(*MANAGER, authority="credit_manager") as page:
        page.goto("/console/orders/SO-1001")
        page.get_by_role("link", name="Its last decision").click()
        main = page.get_by_role("main")
        expect(main).to_contain_text("the same answer, byte for byte")
        expect(page.locator(".reason").first).to_contain_text("Credit limit orders.over-limit")
        expect(main).to_contain_text("63,500.00 > 63,000.00")
        expect(main).to_contain_text("= 60,000.00 * (1 + 5%)")
        expect(page.locator("pre.source")).to_contain_text("over-limit:")


def test_two_persons_release_at_once_and_one_is_told_who_was_quicker(opened: OpenPage) -> None:
    """Last of those that look at SO-1001: it leaves the desk."""
    conflict = ("409",)
    with (
        opened(*MANAGER, authority="credit_manager") as first,
        opened("c.meyer", "desk", authority="controller", expected=conflict, java_script_enabled=False) as second,
    ):
        for page in (first, second):
            page.goto("/console/orders/SO-1001/release")
            page.get_by_label("Why, in your own words").fill("they pay on Friday")
        for page in (first, second):
            page.get_by_role("button", name="Release").click()
        expect(first.get_by_role("status")).to_contain_text("Released.")
        expect(second.get_by_role("heading", name="Somebody was quicker")).to_be_visible()
        expect(second.get_by_role("main")).to_contain_text("Already released by w.weber")
        first.goto("/console/orders")
        expect(first.get_by_role("row", name="SO-1001")).to_have_count(0)


def _no_wider_than_the_window(page: Page) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0, page.url


@pytest.mark.parametrize(("width", "language"), [(320, "en"), (320, "zh"), (850, "en"), (970, "en"), (1210, "en")])
def test_no_page_is_wider_than_the_window(opened: OpenPage, width: int, language: str) -> None:
    """A phone, and windows a little wider than those at which a page changes its form."""
    with opened("w.weber", "desk", "auditor", authority="credit_manager", width=width, language=language) as page:
        for path in PAGES if width == 320 else PAGES[:6]:
            page.goto(path)
            _no_wider_than_the_window(page)


def test_the_keyboard_alone_reaches_the_content_and_a_release(opened: OpenPage) -> None:
    with opened(*MANAGER, authority="credit_manager") as page:
        page.goto("/console/orders?account=C-66")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        reached = []
        for _ in range(30):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert "SO-1003" in reached


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "light"), ("en", "dark")])
def test_no_page_keeps_anybody_out(opened: OpenPage, scheme: str, language: str) -> None:
    """By the rules of WCAG 2.2 that a program can check: every page, and the densest in Chinese and in the dark."""
    dense = PAGES[1:6]
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    with opened(
        "w.weber", "desk", "auditor", authority="credit_manager", language=language, color_scheme=scheme
    ) as page:
        found: dict[str, str] = {}
        for path in PAGES if (language, scheme) == ("en", "light") else dense:
            page.goto(path)
            for closed in page.locator("details:not([open]) > summary").all()[:8]:
                if closed.is_visible():
                    closed.click()
            results = Axe().run(page, options=options)
            found |= {path: results.generate_report()} if results.violations_count else {}
        assert found == {}
