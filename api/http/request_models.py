"""A request's body as a model of pydantic's, for what is not on the hot path."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from api.http.body import parse_object, pointer_part, read_body
from api.http.problems import BodyFault, FactsInvalid

_Model = TypeVar("_Model", bound=BaseModel)


async def read_model(request: Request, model: type[_Model], such_as: str, bytes_max: int) -> _Model:
    """The body. `such_as` is one that would do, for whoever sends none. Raises `FactsInvalid` with every fault, and
    what `read_body` and `parse_object` raise."""
    raw = await read_body(request.scope, request.receive, bytes_max)
    try:
        return model.model_validate(parse_object(raw, such_as))
    except ValidationError as invalid:
        faults = [
            BodyFault("".join(f"/{pointer_part(str(step))}" for step in error["loc"]), _lower(error["msg"]))
            for error in invalid.errors(include_url=False, include_input=False)
        ]
        raise FactsInvalid("the request can't be used", faults) from None


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
