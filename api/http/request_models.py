"""A request's body as a model of pydantic's, with every fault of it in one problem."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.http.body import parse_object, pointer_part, read_body, refuse_nul
from api.http.problems import BodyFault, FactsInvalid

_Request = TypeVar("_Request", bound=BaseModel)


async def read_model(request: Request, model: type[_Request], such_as: str, bytes_max: int) -> _Request:
    """`such_as`: a body that is expected here, for the hint. Raises `FactsInvalid`, and what `read_body` and
    `parse_object` raise."""
    model_read, _ = await read_model_and_bytes(request, model, such_as, bytes_max)
    return model_read


async def read_model_and_bytes(
    request: Request, model: type[_Request], such_as: str, bytes_max: int
) -> tuple[_Request, bytes]:
    """The same, and the body as it was received."""
    raw = await read_body(request.scope, request.receive, bytes_max)
    body = parse_object(raw, such_as)
    refuse_nul(raw, body)
    try:
        return model.model_validate(body), raw
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
        raise FactsInvalid("the request can't be used", [_fault(error, model, such_as) for error in errors]) from None


def _fault(error: ErrorDetails, model: type[BaseModel], such_as: str) -> BodyFault:
    """One of pydantic's errors in the words in which all faults of bodies are told."""
    path = "".join(f"/{pointer_part(str(step))}" for step in error["loc"])
    if error["type"] == "missing":
        return BodyFault(path, "is missing", f"such as {such_as}")
    if error["type"] == "extra_forbidden":
        return BodyFault(
            path, "is an unknown field", _meant(str(error["loc"][-1]), model) if len(error["loc"]) == 1 else ""
        )
    message, hint = _in_words(error, model)
    return BodyFault(path, message, hint)


def _in_words(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Message and hint: what it should be, as it is written."""
    context = error.get("ctx", {})
    match error["type"]:
        case "string_type":
            example = _example(error, model)
            return "is no text", f'send it as text, such as "{example}"' if example else "send it between quotes"
        case "int_type" | "int_from_float":
            return "is not a whole number", "send it as a whole number without quotes, such as 30"
        case "bool_type":
            return "is neither true nor false", "send true or false without quotes"
        case "enum" | "literal_error":
            known = re.findall(r"'([^']*)'", str(context.get("expected")))
            return "is not one of the known words", f"expected one of {', '.join(known)}"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "is no object", "send it between braces"
        case "list_type":
            return "is no list", "send it between brackets"
        case "string_too_long":
            return f"is longer than {context.get('max_length')} characters", "shorten it"
        case "string_too_short":
            return "is empty", "leave it out where it is unknown"
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}", ""


def _example(error: ErrorDetails, model: type[BaseModel]) -> str:
    """What is told of the field in the document; empty where there is nothing, or where it stands deeper."""
    named = {field.alias or name: field for name, field in model.model_fields.items()}
    field = named.get(str(error["loc"][0])) if len(error["loc"]) == 1 else None
    return str(field.examples[0]) if field is not None and field.examples else ""


def _meant(key: str, model: type[BaseModel]) -> str:
    """`acount` is answered with "did you mean `account`?"."""
    known = [field.alias or name for name, field in model.model_fields.items()]
    close = get_close_matches(key[:80], known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"expected {', '.join(known)}"
