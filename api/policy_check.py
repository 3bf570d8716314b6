"""What is wrong with a policy set, bulk included: the job of `POST /v1/policies/check`, done in the worker process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from api.worker import Worker
from engine.diagnostics.diagnostic import Diagnostic, in_order
from engine.pipeline import load
from files.batch.checked import unfit_for_batch
from ledger.policies.check_limits import Stopped, too_large

DIAGNOSTICS_MAX = 100
"""Mistakes that an answer lists; it says how many there are."""

MODULE = __name__
"""For a worker to import before the first job."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check."""

    version: str | None
    """What the set's version would be; None where the files would not decide."""

    diagnostics: tuple[Diagnostic, ...]
    """The first of `count`, sorted by place."""

    count: int
    """How many there are."""


async def checked_by(worker: Worker, caller: str, files: Mapping[str, bytes]) -> Checked:
    """What is wrong with the files, worked out by the worker. `caller` is who asks, and has a queue of its own.

    Policies too large to check have one mistake, which says so. Raises `TooManyWaiting` and its kind.
    """
    try:
        return await worker.run(caller, check, files)
    except Stopped as stopped:
        return Checked(None, (too_large(files, stopped),), 1)


def check(files: Mapping[str, bytes]) -> Checked:
    """The job itself, in the worker process: mistakes, what could not run in bulk, and the warnings of today."""
    loaded = load(files)
    if loaded.engine is None:
        return Checked(None, loaded.diagnostics[:DIAGNOSTICS_MAX], len(loaded.diagnostics))
    warnings = loaded.engine.warnings(loaded.engine.day_at(datetime.now(UTC)))
    found = in_order((*loaded.diagnostics, *unfit_for_batch(loaded.engine), *warnings))
    return Checked(loaded.engine.version, found[:DIAGNOSTICS_MAX], len(found))
