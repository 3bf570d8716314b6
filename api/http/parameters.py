"""Query parameters that nothing reads: a mistyped one must not pass for an answer.

`?txt=true` answered without texts would be taken for "there are none". So each route says which parameters it reads,
and all others are refused with what was probably meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.http.problems import BodyFault, FactsInvalid
from engine.diagnostics.wording import did_you_mean

_NAMED_MAX = 20


def only_parameters(*known: str) -> Any:
    """A route's dependency: it takes these query parameters and no others.

    FastAPI itself passes over what no function asks for. Example: `dependencies=[only_parameters("text")]`.
    """

    async def check(request: Request) -> None:
        refuse_parameters(request.scope["query_string"], known)

    return Depends(check)


def refuse_parameters(query: bytes, known: Collection[str] = (), instead: str = "") -> None:
    """Raises `FactsInvalid` that names each parameter behind `?` that is not known; or that is there twice, since all
    but one would be passed over."""
    given = Counter(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    unknown = [name for name in given if name not in known]
    if unknown:
        faults = [_unknown(name, known, instead) for name in unknown[:_NAMED_MAX]]
        count = "a parameter is" if len(unknown) == 1 else f"{len(unknown)} parameters are"
        raise FactsInvalid(f"{count} unknown here", faults)
    if twice := [name for name, count in given.items() if count > 1]:
        faults = [BodyFault("", f"the parameter `{name}` is given more than once", "give it once") for name in twice]
        raise FactsInvalid("a parameter is given more than once", faults)


def _unknown(name: str, known: Collection[str], instead: str) -> BodyFault:
    hint = did_you_mean(name, known) or instead or "this path takes no parameters"
    return BodyFault("", f"the parameter `{name[:80]}` is unknown here", hint)
