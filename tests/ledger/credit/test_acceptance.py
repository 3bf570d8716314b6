"""Where each acceptance check of orders, releases, facts, imports and verification is held: in scenarios of its number,
or in tests that are named here. What is named is there."""

from __future__ import annotations

import ast

import pytest

from tests.support.credit_scenarios import scenarios
from tests.support.paths import ROOT

CREDIT, HTTP = "tests/ledger/credit", "tests/api/http"

ELSEWHERE: dict[int, tuple[str, ...]] = {
    2: (f"{CREDIT}/test_races.py::test_two_processes_share_every_headroom",),
    3: (
        f"{CREDIT}/test_races.py::test_of_many_orders_at_once_no_more_go_than_fit",
        f"{CREDIT}/test_races.py::test_the_test_above_fails_where_commands_do_not_see_each_other",
        f"{CREDIT}/test_machine.py::test_the_machine_sees_a_fault_of_the_database",
    ),
    4: (f"{HTTP}/test_retries.py::test_on_every_route_the_same_request_is_done_once",),
    5: (
        f"{CREDIT}/test_races.py::test_what_dies_between_decision_and_commit_has_reserved_nothing",
        "tests/system/test_orders_cut_off.py::test_after_kill_9_orders_stand_as_they_were_answered",
        "tests/system/test_orders_cut_off.py::test_orders_stand_as_they_were_answered_when_the_database_ends",
    ),
    8: (f"{CREDIT}/test_splits.py::test_no_two_halves_go_where_the_whole_is_held",),
    43: (
        f"{CREDIT}/test_facts_against_histories.py::test_each_customer_of_the_sample_has_the_facts_of_the_backtest",
        f"{CREDIT}/test_facts_against_histories.py::test_random_histories_give_the_facts_of_the_backtest",
    ),
    44: (
        "tests/ledger/imports/test_importing.py::test_a_file_that_is_imported_twice_is_there_once",
        "tests/ledger/imports/test_importing.py::test_an_import_that_was_broken_off_goes_on_where_it_stopped",
        "tests/ledger/imports/test_importing.py::"
        "test_a_row_that_cannot_be_taken_is_named_with_its_line_and_every_fault",
    ),
    45: ("tests/ledger/imports/test_importing.py::test_a_complete_list_settles_what_it_lacks_unless_that_is_too_much",),
    46: ("tests/ledger/books/test_verify.py::test_whatever_was_changed_in_the_tables_is_found_and_named",),
    47: ("tests/ledger/books/test_verify.py::test_nothing_differs_while_orders_are_entered",),
    48: (
        f"{CREDIT}/test_machine.py::test_the_pure_verbs_do_what_the_model_does",
        f"{CREDIT}/test_interleavings.py::test_two_processes_end_as_one",
    ),
    49: (
        f"{CREDIT}/test_business_day.py::test_no_process_goes_back_behind_another",
        f"{HTTP}/test_order_routes.py::test_the_ledger_takes_the_sites_day_and_no_other",
    ),
    50: (f"{CREDIT}/test_order_moves.py::test_a_move_is_done_or_refused_with_what_is_legal",),
    51: (f"{CREDIT}/test_account_facts.py::test_what_the_ledger_works_out_can_not_be_recorded",),
}
"""By the check's number; those of items, disputes and collections (23 to 42) are theirs."""

CHECKS = (*range(1, 23), *range(43, 52))


def _named(place: str) -> bool:
    file, _, name = place.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_is_held_somewhere(check: int) -> None:
    places = ELSEWHERE.get(check, ())
    assert [place for place in places if not _named(place)] == []
    assert places or any(each["check"] == check for each in scenarios())
