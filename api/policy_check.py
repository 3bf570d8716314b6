"""What is wrong with a policy set, bulk included: the job of `POST /v1/policies/check`, done in the worker process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    """`version` is None where the files would not decide; `diagnostics` are the first of `count`."""

    version: str | None
    diagnostics: tuple[Diagnostic, ...]
    count: int


async def checked_by(worker: Worker, caller: str, files: Mapping[str, bytes]) -> Checked:
    """Policies too large to check have one mistake, which says so. Raises `TooManyWaiting` and its kind."""
    try:
        return await worker.run(caller, check, files)
    except Stopped as stopped:
        return Checked(None, (too_large(files, stopped),), 1)


def check(files: Mapping[str, bytes]) -> Checked:
    loaded = load(files)
    if loaded.engine is None:
        return Checked(None, loaded.diagnostics[:DIAGNOSTICS_MAX], len(loaded.diagnostics))
    found = in_order((*loaded.diagnostics, *unfit_for_batch(loaded.engine)))
    return Checked(loaded.engine.version, found[:DIAGNOSTICS_MAX], len(found))
