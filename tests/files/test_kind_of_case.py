"""What a case file is about, where it doesn't say: the kind that its groups of facts belong to."""

from __future__ import annotations

import pytest

from files.case_file import kind_of


@pytest.mark.parametrize(
    ("groups", "kind"),
    [
        (("order", "account"), "order"),
        (("account", "invoice"), "invoice"),
        (("order",), "order"),
        (("account",), "account"),
        (("portfolio",), "portfolio"),
        (("limit", "account"), "limit"),
        (("order", "invoice", "account"), None),
        (("portfolio", "account"), None),
        ((), None),
    ],
)
def test_the_kind_whose_groups_these_are_and_none_where_several_may_be_meant(
    groups: tuple[str, ...], kind: str | None
) -> None:
    assert kind_of({group: {} for group in groups}) == kind
