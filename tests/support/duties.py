"""What the law wants kept, where a test is about something else."""

from __future__ import annotations

from ledger.erasure.erasing import KeptUntil

RETENTION = "\n".join(
    f"{case}: {{years: 6, required: false, ground: {{en: House practice, zh: 内部惯例}}}}"
    for case in ("order", "invoice", "account", "limit", "portfolio")
)
"""Text of a retention.yaml that leaves everything to an erasure."""


def nothing_held() -> KeptUntil:
    """It wants nothing kept."""
    return lambda _, __: None
