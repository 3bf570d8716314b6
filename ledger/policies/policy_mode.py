"""How policies come into force: by being saved in the folder, or by being approved."""

from __future__ import annotations

from enum import StrEnum


class PolicyMode(StrEnum):
    """The setting `CREDENCE_POLICIES`."""

    WATCH = "watch"
    """The folder decides: what is saved there and checks takes effect."""

    APPROVED = "approved"
    """What was proposed, approved by another person and activated decides; the folder is only shown."""
