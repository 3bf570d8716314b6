"""Whom the policies in force need: somebody who compiles sets, and somebody who counts what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from engine.pipeline import Loaded
from ledger.policies.vanished import Vanished

Files = Mapping[str, bytes]
"""Of a set: file name → text."""


class PolicyObserver(Protocol):
    """Who counts what becomes of policy sets; the service's metrics."""

    def policy_taken(self, version: str, since: float) -> None:
        """A set is in force since this Unix time."""

    def policy_failed(self) -> None:
        """A changed folder was refused."""

    def policy_change(self, *, failed: bool, pending: bool) -> None:
        """Whether the folder's files are refused now, and whether a change waits to be activated."""


class PolicyCompiler(Protocol):
    """Who compiles policy sets, so that no file can stop the service. All raise `Closed` once the service stops."""

    @property
    def since(self) -> datetime | None:
        """When the change came up that is being compiled; None where there is none."""

    def give_way(self) -> None:
        """From now on decisions are more urgent than compiling."""

    async def compiled(self, files: Files) -> Loaded:
        """A folder's set, ready to decide; an `engine` of None and its diagnostics where it can't."""

    async def compiled_stored(self, files: Files) -> Loaded:
        """A set as the journal keeps it, ready to decide."""

    async def vanished(self, before: Files, after: Files) -> Vanished:
        """What `after` takes away. Raises `Stopped` where that can't be told: such a change is not taken."""
