"""Exceptions beside the small policies of tests: rules/exceptions.yaml written in one line each."""

from __future__ import annotations

from tests.support.policy_files import ended, whole_set
from tests.support.small_policies import FACTS, HEAD

DATES = "from: 2026-07-01, until: 2026-07-31"
SIGNED = "by: u.hoffmann, approved_by: m.lehmann, reason: {en: Agreed, zh: 已约定}"


def exception(waives: str, when: str, *, dates: str = DATES, signed: str = SIGNED) -> str:
    """The content of one exception; `waives` are ids with commas between them."""
    return f"{{waives: [{waives}], when: '{when}', {dates}, {signed}}}"


def with_exceptions(policy: str, *, head: str = HEAD, **exceptions: str) -> dict[str, bytes]:
    """The files of the policy `head + policy` and of these exceptions, by name."""
    files = whole_set({"p": head + policy}, FACTS.format(currency="EUR"))
    if exceptions:
        lines = "".join(f"{name.replace('_', '-')}: {content}\n" for name, content in exceptions.items())
        files["exceptions.yaml"] = ended(lines).encode()
    return files
