"""A request's body as a model of pydantic's, with every fault of it in one problem."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from api.http.body import parse_object, pointer_part, read_body
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
    try:
        return model.model_validate(parse_object(raw, such_as)), raw
    except ValidationError as invalid:
        faults = [
            BodyFault("".join(f"/{pointer_part(str(step))}" for step in error["loc"]), _lower(error["msg"]))
            for error in invalid.errors(include_url=False, include_input=False)
        ]
        raise FactsInvalid("the request can't be used", faults) from None


def _lower(message: str) -> str:
    return f"{message[:1].lower()}{message[1:]}"
