"""U+0000, which no column of text holds, is refused with its place in every text of every body."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import pkgutil
from typing import Any

import pytest
from fastapi import Request
from pydantic import BaseModel

import api.http
from api.http.problems import FactsInvalid
from api.http.request_models import read_model_and_bytes


def _models() -> list[type[BaseModel]]:
    found = set[type[BaseModel]]()
    for module in pkgutil.iter_modules(api.http.__path__):
        if module.name == "__main__":
            continue
        for name, each in inspect.getmembers(importlib.import_module(f"api.http.{module.name}"), inspect.isclass):
            if issubclass(each, BaseModel) and name.endswith("Request") and not name.startswith("_"):
                found.add(each)
    return sorted(found, key=lambda each: each.__name__)


MODELS = _models()


def _request(body: bytes) -> Request:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", b"application/json")]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.__name__)
def test_every_text_of_a_body_is_looked_at(model: type[BaseModel]) -> None:
    names = [field.alias or name for name, field in model.model_fields.items()]
    body = {name: ["x", {"y": "a\0b"}] if at % 2 else "a\0b" for at, name in enumerate(names)} | {"z\0": 1}
    with pytest.raises(FactsInvalid) as refused:
        asyncio.run(read_model_and_bytes(_request(json.dumps(body).encode()), model, "{}", 100_000))
    places = [fault.path for fault in refused.value.faults]
    assert places == [f"/{name}/1/y" if at % 2 else f"/{name}" for at, name in enumerate(names)] + [""]
    assert all("U+0000" in fault.message for fault in refused.value.faults)


def test_the_words_for_it_are_no_such_character() -> None:
    class Told(BaseModel):
        text: str

    body = rb'{"text": "\\u0000"}'
    told, _ = asyncio.run(read_model_and_bytes(_request(body), Told, "{}", 100))
    assert told.text == r"\u0000"


def test_there_are_models_to_look_at() -> None:
    assert len(MODELS) > 20
