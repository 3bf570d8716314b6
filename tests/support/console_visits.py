"""Somebody with a browser, without one: pages are asked for as browsers do, and forms are sent as they stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

import httpx2

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@dataclass
class FoundForm:
    """A form of a page, with what it sends where nobody types anything."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class PageReader(HTMLParser):
    """What a page says, what it links to and loads, and its forms."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[FoundForm] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._unread = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.tags.append((tag, said))
        if tag == "form":
            self.forms.append(FoundForm(said.get("action", ""), said.get("method", "get")))
        if tag in ("input", "textarea", "select") and self.forms and "name" in said and said.get("type") != "checkbox":
            self.forms[-1].fields[said["name"]] = said.get("value", "")
        if tag == "a":
            self.links.append(said.get("href", ""))
        if tag in ("link", "img", "script", "iframe"):
            self.loaded.append(said.get("href", said.get("src", "")))
        self._unread += tag in ("title", "style")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in ("title", "style")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that is read, with one blank between."""
        return " ".join(" ".join(self.words).split())


class Visitor:
    """One browser at a running service."""

    def __init__(self, service: httpx2.Client) -> None:
        self.client = httpx2.Client(base_url=service.base_url, timeout=service.timeout)
        self.origin = str(service.base_url).rstrip("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.client.get(path, headers=PAGE | headers)

    def page(self, path: str) -> PageReader:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return PageReader(answer.text)

    def form(self, path: str, action: str) -> FoundForm:
        """The form of a page that goes to `action`."""
        return next(form for form in self.page(path).forms if form.action == action)

    def send(self, form: FoundForm, typed: Mapping[str, str], **headers: str) -> httpx2.Response:
        """As a browser does that shows the page of the form."""
        said = PAGE | {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"} | headers
        return self.client.post(form.action, data=form.fields | dict(typed), headers=said)

    def sign_in(self, key: str, page: str = "/console/sign-in") -> httpx2.Response:
        answer = self.get(page)
        form = next(each for each in PageReader(answer.text).forms if each.action == "/console/sign-in")
        return self.send(form, {"key": key})

    def sign_in_locally(self, login: str, *roles: str, authority: str = "none") -> httpx2.Response:
        form = self.form("/console/sign-in", "/console/sign-in")
        return self.send(form, {"login": login, "authority": authority} | {f"role.{role}": "1" for role in roles})
