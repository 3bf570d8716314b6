"""The pages for people: whole, escaped, without a script or anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest

from api.http.problem_advice import what_to_do
from api.http.problem_kind import ProblemKind
from api.http.problems import ALL_KINDS
from api.settings import Settings
from engine.vocabulary.case_kinds import CASE_KINDS
from tests.support.paths import ROOT
from tests.support.running_service import FACTS, running, write_rules

INTEGRATION = (ROOT / "docs" / "integration.md").read_text("utf-8")
EVIL = """</script><script>alert(1)</script>"'><img src=x onerror=alert(1)>"""
SITE_FACTS = """
facts:
  account.evil:
    type: number
    minimum: 0
    maximum: 5
    title: {en: TITLE, zh: TITLE}
    note: {en: TITLE, zh: TITLE}
"""


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attributes:
            self.names.add(name)
            if name == "id":
                assert value not in self.ids
                self.ids.add(value or "")
            if name == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("path", ["/", "/docs", *(f"/problems/{kind.slug}" for kind in ALL_KINDS)])
def test_a_page_takes_nothing_from_elsewhere_and_tells_the_browser_so(client: httpx2.Client, path: str) -> None:
    answer = client.get(path)
    read = Reader(answer.text)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert read.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "form", "base"})
    assert read.names <= {"id", "href", "class", "lang", "charset", "name", "content"}
    for link in read.links:
        assert link[1:] in read.ids if link.startswith("#") else client.get(link).status_code in (200, 503)


def test_the_reference_has_all_that_the_document_has(client: httpx2.Client) -> None:
    document, read = client.get("/openapi.json").json(), Reader(client.get("/docs").text)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in read.text
            assert operation["description"].replace("`", "") in read.text
            assert operation["summary"] in read.text
    for name, schema in document["components"]["schemas"].items():
        assert name in read.text
        assert all(member in read.text for member in schema.get("properties", {}))
    for fact, meaning in document["components"]["schemas"]["OrderFacts"]["properties"].items():
        assert fact in read.text
        assert meaning["x-title"] in read.text
        assert meaning["x-title-zh"] in read.text


def test_each_type_that_has_a_place_on_the_page_is_linked_from_where_it_is_used(client: httpx2.Client) -> None:
    read = Reader(client.get("/docs").text)
    components = client.get("/openapi.json").json()["components"]["schemas"]
    assert {f"#{name}" for name in components} <= set(read.links)


def test_each_kind_of_case_is_decided_on_the_least_that_the_document_shows(client: httpx2.Client) -> None:
    document, page = client.get("/openapi.json").json(), Reader(client.get("/docs").text).text
    for kind in CASE_KINDS:
        body = document["paths"][f"/v1/decisions/{kind}"]["post"]["requestBody"]["content"]["application/json"]
        assert json.dumps(body["example"], ensure_ascii=False, indent=1) in page
        answer = client.post(f"/v1/decisions/{kind}", json=body["example"])
        assert answer.status_code == 201, answer.text
        for group, facts in body["example"].items():
            for name in facts:
                less = {**body["example"], group: {key: fact for key, fact in facts.items() if key != name}}
                assert client.post(f"/v1/decisions/{kind}", json=less).status_code == 422


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.slug)
def test_the_page_of_a_problem_says_what_a_program_does_about_it(client: httpx2.Client, kind: ProblemKind) -> None:
    text = Reader(client.get(f"/problems/{kind.slug}").text).text
    named = re.compile(rf"\| [^|]*\b{kind.status}\b(| `{kind.slug}`|, [^|]*) \|")  # a row may be about one kind alone
    rows = [row for row in INTEGRATION.splitlines() if named.match(row)]
    again = any("again" in row or "once more" in row or "`Retry-After`" in row for row in rows)

    assert kind.meaning in text
    assert what_to_do(kind) in text
    assert ("Send the same request" in text) == again


@pytest.fixture
def evil(tmp_path: Path) -> Iterator[httpx2.Client]:
    rules = write_rules(tmp_path / "rules")
    title = "'" + EVIL.replace("'", "''") + "'"
    facts = FACTS.replace("facts: {}", SITE_FACTS.replace("TITLE", title).strip())
    (rules / "facts.yaml").write_text(facts, encoding="utf-8")
    with running(Settings(rules=rules, journal=tmp_path / "credence.db")) as client:
        yield client


def test_texts_of_a_sites_own_facts_are_shown_as_they_are_written(evil: httpx2.Client) -> None:
    assert evil.get("/readyz").json()["failed_change"] is None
    read = Reader(evil.get("/docs").text)
    assert EVIL in read.text
    assert "AccountFacts" in read.text
    assert ">evil<" in evil.get("/docs").text
    assert read.tags.isdisjoint({"script", "img"})


def test_every_answer_is_what_it_says_and_is_not_kept(client: httpx2.Client) -> None:
    for path in ("/", "/docs", "/openapi.json", "/healthz", "/readyz", "/metrics", "/v1/policies", "/nowhere"):
        headers = client.get(path).headers
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
