"""Query parameters that nothing reads: a mistyped one must not pass for an answer.

`?txt=true` answered without texts would be taken for "there are none". So each route says which parameters it reads,
and all others are refused with what was probably meant. Where parameters are a filter, all that is wrong with them is
in one answer: names, numbers and words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.http.problems import BodyFault, FactsInvalid
from engine.diagnostics.wording import did_you_mean
from engine.vocabulary.days import ISO_DATE
from ledger.search.filter_words import NAMES, FilterRefused, read_filter

_NAMED_MAX = 20


def only_parameters(*known: str) -> Any:
    """A route's dependency: it takes these query parameters and no others.

    FastAPI itself passes over what no function asks for. Example: `dependencies=[only_parameters("text")]`.
    """

    async def check(request: Request) -> None:
        refuse_parameters(request.scope["query_string"], known)

    return Depends(check)


def filter_parameters(model: type[BaseModel]) -> Any:
    """A route's dependency: it takes the parameters of this model, of which those that `filter_words` knows are a
    filter of records. Each fault of all of them is said, in the order in which they were sent.

    Example: `?from=2026-13-45&limit=-3&outcom=hold` is three faults: no day, a number below 1, "did you mean
    `outcome`?".
    """
    known = [field.alias or name for name, field in model.model_fields.items()]

    async def check(request: Request) -> None:
        names = _names(request.scope["query_string"])
        given = {name: request.query_params[name] for name in names}
        faults = [*_of_names(names, known, ""), *_of_values(model, given)]
        if faults:
            order = list(dict.fromkeys(names))
            faults.sort(key=lambda fault: order.index(fault[0]))
            count = "a parameter" if len(faults) == 1 else f"{len(faults)} parameters"
            raise FactsInvalid(f"{count} can't be used", [fault for _, fault in faults])

    return Depends(check)


def value_fault(error: Mapping[str, Any]) -> tuple[str, BodyFault]:
    """What pydantic says of a parameter, and of which."""
    name = str(error["loc"][-1])
    return name, BodyFault("", f"the parameter `{name}`: {str(error['msg']).lower()}")


def refuse_parameters(query: bytes, known: Collection[str] = (), instead: str = "") -> None:
    """Raises `FactsInvalid` that names each parameter behind `?` that is not known; or that is there twice, since all
    but one would be passed over."""
    faults = [fault for _, fault in _of_names(_names(query), known, instead)]
    if faults:
        count = "a parameter" if len(faults) == 1 else f"{len(faults)} parameters"
        raise FactsInvalid(f"{count} can't be used", faults)


def _names(query: bytes) -> list[str]:
    return [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]


def _of_names(names: Collection[str], known: Collection[str], instead: str) -> Iterator[tuple[str, BodyFault]]:
    """Those that are not known, as many as somebody reads, and those that are there twice."""
    given = Counter(names)
    for name in [name for name in given if name not in known][:_NAMED_MAX]:
        yield name, _unknown(name, known, instead)
    for name in [name for name, count in given.items() if count > 1 and name in known]:
        yield name, BodyFault("", f"the parameter `{name}` is given more than once", "give it once")


def _of_values(model: type[BaseModel], given: Mapping[str, str]) -> Iterator[tuple[str, BodyFault]]:
    try:
        model.model_validate(given)
    except ValidationError as invalid:
        yield from map(value_fault, invalid.errors(include_url=False, include_input=False))
    try:
        read_filter({name: given[name] for name in NAMES if name in given})
    except FilterRefused as refused:
        for each in refused.faults:
            yield each.name, BodyFault("", f"the parameter `{each.name}` {each.message}", each.hint)


def _unknown(name: str, known: Collection[str], instead: str) -> BodyFault:
    hint = did_you_mean(name, known) or instead or "this path takes no parameters"
    return BodyFault("", f"the parameter `{name[:80]}` is unknown here", hint)


def written_day(given: object) -> object:
    """Nothing but `2026-07-01`: a number would be taken for seconds since 1970."""
    if given is not None and not (isinstance(given, str) and ISO_DATE.fullmatch(given)):
        raise ValueError("is no day; send it as 2026-07-01")
    return given
