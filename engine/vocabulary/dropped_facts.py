"""Facts of a request that the policies have no more, left out of account so that callers needn't change at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def without_facts(facts: Mapping[str, Any], dropped: Collection[str]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The groups of facts without those named, and which of them were there, sorted.

    >>> without_facts({"account": {"id": "C-1", "region": "north"}}, {"account.region"})
    ({'account': {'id': 'C-1'}}, ('account.region',))
    """
    left: dict[str, Any] = {}
    there: list[str] = []
    for group, of in facts.items():
        if not isinstance(of, Mapping):
            left[group] = of
            continue
        gone = [key for key in of if f"{group}.{key}" in dropped]
        there += [f"{group}.{key}" for key in gone]
        left[group] = {key: value for key, value in of.items() if key not in gone}
    return left, tuple(sorted(there))
