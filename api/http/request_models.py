"""A request's body as a model of pydantic's, with every fault of it in one problem."""

from __future__ import annotations

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
    return BodyFault(path, f"{error['msg'][:1].lower()}{error['msg'][1:]}")


def _meant(key: str, model: type[BaseModel]) -> str:
    """`acount` is answered with "did you mean `account`?"."""
    known = [field.alias or name for name, field in model.model_fields.items()]
    close = get_close_matches(key[:80], known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"expected {', '.join(known)}"
