"""What commands and pages of this process compile stays compiled: a policy set is compiled once for all of its tests.

A command reads and compiles the policies each time that it runs, which takes longer than anything else that a small
example does. Commands that tests start as processes of their own compile for themselves, as a user's do.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib import import_module

import pytest

from api.cli.options import as_of_day
from engine.pipeline import Engine, Loaded, load

CHECKED_ON = datetime(2026, 11, 28, tzinfo=UTC)
"""The day for `credence check` where no option says it."""

REMEMBERED = 12
"""Policy sets; those that ship take some 40 MB each with all that is made of them."""

_known: OrderedDict[tuple[tuple[str, bytes], ...], Loaded] = OrderedDict()


def load_once(files: Mapping[str, bytes]) -> Loaded:
    """As `load`, which gives the same for the same files."""
    key = tuple(sorted(files.items()))
    loaded = _known.pop(key, None) or load(files)
    _known[key] = loaded
    while len(_known) > REMEMBERED:
        _known.popitem(last=False)
    return loaded


@contextmanager
def compiled_once() -> Iterator[None]:
    """While it lasts, commands of this process compile no policy set twice."""
    with pytest.MonkeyPatch.context() as patched:
        for module in ("api.cli.check", "api.cli.policy_folder", "api.proof_job", "api.starter.in_currency"):
            patched.setattr(import_module(module), "load", load_once)
        patched.setattr("api.cli.check.as_of_day", _checked_day)
        yield


def _checked_day(moment: datetime | None, engine: Engine) -> date:
    """Warnings of `credence check` are those of a day that no test waits for, so that none fails next year."""
    return as_of_day(moment or CHECKED_ON, engine)
