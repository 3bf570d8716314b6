"""The OpenAPI document and `/docs`, the same document as a page to read. Both are made once for each vocabulary.

The page is made here because the usual ones are scripts from elsewhere: they show nothing to somebody without network,
and a browser that runs them near a customer's figures has to trust whoever serves them. This one is text and tables.

It has, from top to bottom: all operations with links; each with its parameters, body and answers; each component with
its members, type, meaning, bounds and example. Everything that has a name links to its place, so a reader follows
`OrderRequest` to `OrderFacts` to `OrderReleasedByRole`.

Titles, descriptions and examples of facts come from a site's own `facts.yaml`: whatever is shown is escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

from api.http.pages import page

_METHODS = ("get", "put", "post", "delete", "patch")
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "maxLength": "at most {} characters",
    "pattern": "matches {}",
}
_BOUND_SHOWN_MAX = 40
"""A longer pattern is for programs: the type and the example say to people what it says."""

_BETWEEN_BACKTICKS = re.compile("`([^`]+)`")

Schema = Mapping[str, Any]


def add_reference_routes(app: FastAPI) -> None:
    """`/openapi.json` and `/docs`, each made once for each vocabulary."""
    made_for: Schema | None = None
    as_json, as_page = b"", HTMLResponse()

    def follow() -> None:
        nonlocal made_for, as_json, as_page
        document = app.openapi()
        if document is not made_for:
            as_json = json.dumps(document, ensure_ascii=False).encode()
            as_page = page(f"{document['info']['title']}: the API", reference_body(document))
            made_for = document

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi_json() -> Response:
        follow()
        return Response(as_json, media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def reference() -> HTMLResponse:
        follow()
        return as_page


def reference_body(document: Schema) -> str:
    """The page's body as HTML: what others wrote is escaped."""
    return "".join(_document(document))


def _document(document: Schema) -> Iterator[str]:
    """The page's body, piece by piece."""
    info = document["info"]
    yield f"<h1>{escape(info['title'])}: the API</h1>\n"
    yield f"<p>{_prose(info.get('description', ''))}\n"
    yield f'<p class="quiet">Version {escape(info["version"])}. <a href="/openapi.json">OpenAPI document</a>\n<ul>\n'
    operations = [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    ]
    for name, operation in operations:
        yield f'<li><a href="#{_anchor(name)}"><code>{escape(name)}</code></a> {escape(operation.get("summary", ""))}\n'
    yield "</ul>\n"
    for name, operation in operations:
        yield from _operation(name, operation)
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        yield f'<h2 id="{_anchor(name)}">{escape(name)}</h2>\n'
        yield from _members(schema)


def _operation(name: str, operation: Schema) -> Iterator[str]:
    """One operation under its heading, `POST /v1/decisions/order`: what it does, takes and answers."""
    yield f'<h2 id="{_anchor(name)}"><code>{escape(name)}</code></h2>\n'
    yield f"<p><b>{escape(operation.get('summary', ''))}</b>\n<p>{_prose(operation.get('description', ''))}\n"
    if operation.get("parameters"):
        rows = [
            (
                f"<code>{escape(each['name'])}</code>",
                escape(each["in"]),
                _type(each["schema"]),
                _meaning(each["schema"]),
            )
            for each in operation["parameters"]
        ]
        yield _table("Parameters", ("name", "in", "type", ""), rows)
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body: <code>{escape(media_type)}</code></h3>\n"
        yield from _members(content["schema"])
        if "example" in content:
            example = json.dumps(content["example"], ensure_ascii=False, indent=1)
            yield f"<p>The least that is needed, such as\n<pre><code>{escape(example)}</code></pre>\n"
    yield from _answers(operation["responses"])


def _answers(responses: Schema) -> Iterator[str]:
    """What is answered, status by status.

    Problems are many and alike in every operation, so they stand folded away below the others: a reader first wants to
    know what comes back when all is well. The page has no script; browsers fold by themselves.
    """
    rows: dict[bool, list[tuple[str, ...]]] = {False: [], True: []}
    for status, answer in responses.items():
        content = ", ".join(map(_content, answer.get("content", {}).items()))
        rows["application/problem+json" in answer.get("content", {})].append(
            (escape(status), _prose(answer["description"]), content)
        )
    yield _table("Answers", ("status", "", "content"), rows[False])
    yield f"<details><summary>Problems ({len(rows[True])})</summary>\n"
    yield _table("", ("status", "", "content"), rows[True])
    yield "</details>\n"


def _content(content: tuple[str, Schema]) -> str:
    """One media type of an answer, with a link to what it holds."""
    media_type, schema = content
    return f"<code>{escape(media_type)}</code> {_type(schema.get('schema', {}))}"


def _members(schema: Schema) -> Iterator[str]:
    """What is to be said of an object, and a table of its members; members of objects inside it stand under theirs."""
    if schema.get("description"):
        yield f"<p>{_prose(schema['description'])}\n"
    rows = list(_rows(schema, ""))
    if rows:
        yield _table("", ("name", "type", "", "example"), rows)
    elif not schema.get("properties"):
        yield f"<p>{_type(schema)}\n"


def _rows(schema: Schema, prefix: str) -> Iterator[tuple[str, ...]]:
    """One row for each member, and below an object's row one for each of its own, named from the outside:
    `order.amount`. A member that refers to a component has a link instead, and no rows."""
    for name, member in schema.get("properties", {}).items():
        required = ", required" if name in schema.get("required", ()) else ""
        example = json.dumps(member["examples"][0], ensure_ascii=False) if member.get("examples") else ""
        shown = f"<code>{escape(example)}</code>" if example else ""
        yield f"<code>{escape(prefix + name)}</code>", _type(member) + required, _meaning(member), shown
        yield from _rows(member, f"{prefix}{name}.")


def _meaning(schema: Schema) -> str:
    """Titles, description and bounds of a value, in all languages that it has: what a reader has to know before he
    fills it in. `x-title` is where `openapi` puts the titles that are for people."""
    titles = " / ".join(escape(text) for key, text in schema.items() if key.startswith("x-title") and text)
    texts = [_prose(text) for key, text in schema.items() if key.removeprefix("x-").startswith("description") and text]
    bounds = [
        text.format(f"<code>{escape(str(schema[key]))}</code>")
        for key, text in _BOUNDS.items()
        if len(str(schema.get(key, ""))) in range(1, _BOUND_SHOWN_MAX)
    ]
    parts = [
        f"<b>{titles}</b>" if titles else "",
        *texts,
        f'<span class="quiet">{"; ".join(bounds)}</span>' if bounds else "",
    ]
    return "<br>".join(filter(None, parts))


def _prose(text: str) -> str:
    """A description, escaped; what stands between backticks is code: `` `as_of` ``."""
    return _BETWEEN_BACKTICKS.sub(r"<code>\1</code>", escape(text))


def _type(schema: Schema) -> str:
    """In words, with a link where a schema has a name of its own."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{_anchor(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>" for value in values)
    types = schema.get("type", "anything")
    if isinstance(types, list):
        return " or ".join(_type({**schema, "type": each}) for each in types)
    word = types
    if word == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_type(schema['items'])}"
    of = schema.get("additionalProperties")
    if word == "object" and isinstance(of, dict) and of:
        return f"object of {_type(of)}"
    return escape(f"{word} ({schema['format']})" if "format" in schema and word == "string" else word)


def _table(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Cells are HTML."""
    named = f"<caption>{caption}</caption>" if caption else ""
    head = "".join(f"<th>{each}</th>" for each in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f'<div class="wide"><table>{named}<tr>{head}</tr>\n{lines}</table></div>\n'


def _anchor(name: str) -> str:
    """The place of a heading in the page: `POST-v1-decisions-order` of `POST /v1/decisions/order`."""
    return escape("".join(each if each.isalnum() else "-" for each in name).strip("-"))
