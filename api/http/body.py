"""A request's body as strict JSON: what can be read in two ways is refused, and numbers keep what they say.

Stricter than RFC 8259 where it leaves a choice: no duplicate keys, no byte order mark, no lone surrogates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from starlette.types import Receive, Scope

from api.http.problems import BodyFault, BodyTooLarge, MalformedBody, WrongMediaType
from files.nesting import nested_too_deeply

_JSON_TYPE = re.compile(
    rb'application/json[ \t]*(?:;[ \t]*(?:charset=(?:utf-8|"utf-8")[ \t]*)?)*',
    re.IGNORECASE,
)


class ClientGone(Exception):
    """The caller hung up before the body was complete; there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The whole body, declared as JSON. What exceeds the limit is never held in memory, declared length or not."""
    _check_headers(scope, bytes_max)
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


class _DuplicateKey(ValueError):
    pass


def parse_object(body: bytes, such_as: str = '{"order": {…}, "account": {…}}') -> dict[str, Any]:
    """Raises `MalformedBody`; `such_as` is its example of an object that is expected here.
    Numbers with a point or an exponent become floats only to be refused by the binder."""
    try:
        text = body.decode("utf-8")
        value = _STRICT.decode(text)
        if nested_too_deeply(text, value):
            raise RecursionError
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} (0x{body[error.start]:02X}) is not UTF-8") from None
    except UnicodeEncodeError:
        raise _malformed("an escape stands for half a character (a lone surrogate)") from None
    except json.JSONDecodeError as error:
        raise _not_json(error) from None
    except _DuplicateKey:
        raise MalformedBody("a key is written twice in one object", _duplicates(text)) from None
    except RecursionError:
        raise _malformed("it is nested too deeply") from None
    except ValueError as error:  # NaN and its like, or an integer of thousands of digits
        detail = str(error) if error.args and error.args[0] in _CONSTANTS.values() else "a number has too many digits"
        raise _malformed(detail) from None
    if type(value) is not dict:
        raise _malformed("it is not an object", f"send an object such as {such_as}")
    return value


def _malformed(message: str, hint: str = "") -> MalformedBody:
    return MalformedBody(f"the body can't be read: {message}", [BodyFault("", message, hint)])


def _not_json(error: json.JSONDecodeError) -> MalformedBody:
    if error.doc.startswith("\ufeff"):
        return _malformed("it starts with a byte order mark", "save or send it without one")
    if not error.doc.strip():
        return _malformed("it is empty", "send a JSON object")
    said = error.msg.lower().removesuffix(" at")
    return _malformed(f"{said} at line {error.lineno}, column {error.colno}", "send one JSON object")


_CONSTANTS = {name: f"{name} is not a JSON number" for name in ("NaN", "Infinity", "-Infinity")}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(_CONSTANTS[name])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKey
    return members


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
_PAIRS = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=str, parse_float=str)


def _duplicates(text: str) -> list[BodyFault]:
    """Read once more, with objects as tuples of their pairs, to say where each key is repeated."""
    try:
        return list(_repeated(_PAIRS.decode(text), ""))[:_FAULTS_MAX]
    except (ValueError, RecursionError):  # something else is wrong further on; the detail says enough
        return []


_FAULTS_MAX = 100


def _repeated(value: object, path: str) -> Iterator[BodyFault]:
    if isinstance(value, tuple):
        seen: set[str] = set()
        for key, member in value:
            here = f"{path}/{pointer_part(key)}"
            if key in seen:
                yield BodyFault(here, "is written more than once in this object", "keep one of them")
            seen.add(key)
            yield from _repeated(member, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _repeated(item, f"{path}/{index}")


def pointer_part(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901), cut to a readable length."""
    return key[:80].replace("~", "~0").replace("/", "~1")
