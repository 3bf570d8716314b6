"""A request's body: its headers checked, its bytes counted while they arrive, its JSON read strictly.

What is wrong becomes one of the problems of `api.http.problems`: the media type (415), the size (413), the JSON
(400). What counts as JSON is `engine.vocabulary.strict_json`'s to say, so that a body that the service takes is a row
that a file may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from starlette.types import Receive, Scope

from api.http.problems import BodyFault, BodyTooLarge, FactsInvalid, MalformedBody, WrongMediaType
from engine.vocabulary.strict_json import JsonPath, JsonRefused, read_json_object

_JSON_TYPE = re.compile(
    rb'application/json[ \t]*(?:;[ \t]*(?:charset=(?:utf-8|"utf-8")[ \t]*)?)*',
    re.IGNORECASE,
)

_ESCAPED_NUL = rb"\u0000"
"""U+0000 as JSON writes it: in no other way can it stand in a text."""


class ClientGone(Exception):
    """The caller hung up before the body was complete; there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The whole body, declared as JSON.

    `bytes_max`: what exceeds it is never held in memory, whether its length was declared or not. Raises
    `WrongMediaType`, `BodyTooLarge`, and `ClientGone` where the caller hangs up.
    """
    _check_headers(scope, bytes_max)
    return await whole_body(receive, bytes_max)


async def whole_body(receive: Receive, bytes_max: int) -> bytes:
    """The same, whatever it is declared as."""
    message = await receive()
    parts: list[bytes] = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body", False) and size <= bytes_max:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if message["type"] == "http.disconnect":
        raise ClientGone
    if size > bytes_max:
        raise _too_large(bytes_max)
    return b"".join(parts)


def _check_headers(scope: Scope, bytes_max: int) -> None:
    media_types = []
    for name, value in scope["headers"]:
        if name == b"content-type":
            media_types.append(value)
        elif name == b"content-length" and value.isdigit() and int(value[:20]) > bytes_max:
            raise _too_large(bytes_max)
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise WrongMediaType("the body is compressed; send it as plain JSON")
    if media_types != [b"application/json"]:
        _check_media_type(media_types)


def _check_media_type(media_types: list[bytes]) -> None:
    if len(media_types) > 1:
        raise WrongMediaType("the body is declared more than once; send one Content-Type")
    if not media_types:
        raise WrongMediaType("the body has no Content-Type")
    if not _JSON_TYPE.fullmatch(media_types[0]):
        raise WrongMediaType(f"the body is declared as `{media_types[0].decode('latin-1')[:80]}`")


def _too_large(bytes_max: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {bytes_max} bytes")


def parse_object(body: bytes, such_as: str = '{"order": {…}, "account": {…}}') -> dict[str, Any]:
    """The body as a dict, read strictly (`engine.vocabulary.strict_json`).

    `such_as` is an object that is expected here, for the hint. Numbers with a point or an exponent become floats
    only to be refused by the binder, which asks for decimals as text. Raises `MalformedBody`, with a JSON pointer
    for each key that stands twice, else with one fault of the body as a whole."""
    try:
        return read_json_object(body, decimals_as_text=False, example=such_as)
    except JsonRefused as refused:
        faults = [
            BodyFault(_pointer(path), "is written more than once in this object", "keep one of them")
            for path in refused.repeated
        ]
        whole = BodyFault("", refused.message, refused.hint.replace("write ", "send ", 1))
        raise MalformedBody(f"the body {refused.message}", faults or [whole]) from None


def refuse_nul(raw: bytes, body: dict[str, Any]) -> None:
    """Raises `FactsInvalid` with a fault for each text, key or value, with the one character that no column holds.
    `body`: what `raw` says."""
    if _ESCAPED_NUL in raw and (faults := list(_with_nul(body, ""))):
        raise FactsInvalid("the request can't be used", faults)


def _with_nul(value: Any, path: str) -> Iterator[BodyFault]:
    """A fault for each text, key or value, with the character that no column holds."""
    if isinstance(value, str) and "\0" in value:
        yield BodyFault(path, "holds the character U+0000, which can't be kept", "leave it out")
    elif isinstance(value, dict):
        for key, each in value.items():
            if "\0" in key:
                yield BodyFault(path, "has a name with the character U+0000, which can't be kept", "leave it out")
            yield from _with_nul(each, f"{path}/{pointer_part(key)}")
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _with_nul(each, f"{path}/{at}")


def _pointer(path: JsonPath) -> str:
    return "".join(f"/{pointer_part(str(step))}" for step in path)


def pointer_part(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901), cut to a readable length."""
    return key[:80].replace("~", "~0").replace("/", "~1")
