"""What a person or a key may be: roles say which requests, the authority says up to which amounts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What somebody works as. `api.http.access_table` says which requests each may make."""

    ORDER_ENTRY = "order-entry"
    """Enters orders, or the shop or ERP that does: asks for decisions on orders and sees its own."""

    BOOKING = "booking"
    """The ERP's interface: accounts, invoices, payments, imports."""

    COLLECTOR = "collector"
    """Calls, reminds, agrees plans."""

    DESK = "desk"
    """Credit managers; the person's authority decides amounts."""

    EDITOR = "editor"
    """Writes policies."""

    APPROVER = "approver"
    """Puts policies into force. A person's: a service's key has it only while it acts for one."""

    AUDITOR = "auditor"
    """Reads everything, changes nothing."""

    PRIVACY = "privacy"
    """Proposes erasures."""

    ADMIN = "admin"
    """Keeps people, keys and settings; decides nothing and sees no customer's figures."""

    METRICS = "metrics"
    """Prometheus."""


class Authority(StrEnum):
    """Up to which amounts a person may release: the policy `release` names them and says how much."""

    NONE = "none"
    ASSISTANT = "assistant"
    CREDIT_MANAGER = "credit_manager"
    CONTROLLER = "controller"
    CFO = "cfo"


PERSONS_ONLY = frozenset({Role.APPROVER})
"""Roles that a service has only while it acts for a person."""


NEVER_TOGETHER = frozenset({Role.PRIVACY, Role.ADMIN})
"""Roles of two persons, which no key that acts for people has both."""


def in_words(roles: Iterable[Role]) -> str:
    """`admin, desk`, in the order of `Role`; `no role` where there are none."""
    given = set(roles)
    return ", ".join(role for role in Role if role in given) or "no role"
