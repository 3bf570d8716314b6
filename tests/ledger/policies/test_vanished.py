"""What a change takes away is told by name: files, policies, rules; what only reads otherwise is not."""

from __future__ import annotations

import random

import pytest

from ledger.policies.vanished import Vanished, vanished
from tests.support.policy_files import ended

NOTHING = Vanished()
FACTS = b"currency: EUR\npolicies: [orders, dunning]\n...\n"


def policy(name: str, *rules: str, kind: str = "order", more: str = "") -> bytes:
    lines = "".join(f"  {rule}: {{when: order.amount > 1, then: hold}}\n" for rule in rules)
    return ended(f"policy: {name}\ndecides: {kind}\n{more}" + (f"rules:\n{lines}" if rules else "")).encode()


BEFORE = {
    "rules/facts.yaml": FACTS,
    "rules/orders.yaml": policy("orders", "a", "b", "c"),
    "rules/dunning.yaml": policy("dunning", "d", kind="invoice"),
}


def changed(**files: bytes | None) -> Vanished:
    """What is gone when these files, by name without `.yaml`, have this content, or none."""
    after = {**BEFORE, **{f"rules/{name}.yaml": content for name, content in files.items()}}
    return vanished(BEFORE, {name: content for name, content in after.items() if content is not None})


def test_an_unchanged_set_lacks_nothing_wherever_its_folder_is() -> None:
    assert changed() == NOTHING
    assert not NOTHING
    assert vanished(BEFORE, {name.replace("rules", "etc"): content for name, content in BEFORE.items()}) == NOTHING


def test_a_file_that_is_gone_takes_its_policy_and_rules_along() -> None:
    assert changed(orders=None) == Vanished(("orders.yaml",), ("orders",), ("orders.a", "orders.b", "orders.c"))
    assert changed(facts=None) == Vanished(("facts.yaml",), (), ())


def test_a_policy_that_moves_to_another_file_leaves_only_the_file() -> None:
    assert changed(orders=None, second=BEFORE["rules/orders.yaml"]) == Vanished(("orders.yaml",))


@pytest.mark.parametrize(
    ("content", "gone"),
    [
        (policy("orders", "a", "c"), Vanished((), (), ("orders.b",))),
        (policy("orders", "a", "c", "e"), Vanished((), (), ("orders.b",))),
        (policy("orders", "c", "b", "a"), NOTHING),
        (policy("orders", "a", "b", "c", more="title: {en: x}\n"), NOTHING),
        (policy("orders"), Vanished((), (), ("orders.a", "orders.b", "orders.c"))),
        (policy("others", "a", "b", "c"), Vanished((), ("orders",), ("orders.a", "orders.b", "orders.c"))),
        (b"", Vanished((), ("orders",), ("orders.a", "orders.b", "orders.c"))),
        (b"# all out\n", Vanished((), ("orders",), ("orders.a", "orders.b", "orders.c"))),
        (b"facts: {}\n...\n", Vanished((), ("orders",), ("orders.a", "orders.b", "orders.c"))),
        (b"policy: orders\ndecides: order\nrules: []\n", Vanished((), (), ("orders.a", "orders.b", "orders.c"))),
        # numbers and conditions may change, and mistakes in them are not losses
        (BEFORE["rules/orders.yaml"].replace(b"> 1", b"> 99"), NOTHING),
        (BEFORE["rules/orders.yaml"].replace(b"then: hold", b"than: hold"), NOTHING),
        # what can't be read is a mistake to mend; nobody knows yet what is in it
        (b"policy: [", NOTHING),
        (b"\xff", NOTHING),
    ],
)
def test_what_a_changed_file_lacks(content: bytes, gone: Vanished) -> None:
    assert changed(orders=content) == gone


def test_a_policy_that_turns_to_another_kind_of_case_is_gone_from_the_first() -> None:
    invoice = policy("orders", "a", "b", "c", kind="invoice")
    assert changed(orders=invoice) == Vanished((), ("orders",), ("orders.a", "orders.b", "orders.c"))


def test_files_that_change_places_lose_nothing() -> None:
    assert changed(orders=BEFORE["rules/dunning.yaml"], dunning=BEFORE["rules/orders.yaml"]) == NOTHING


def test_a_file_of_before_that_can_not_be_read_is_gone_once_it_changes() -> None:
    before = {**BEFORE, "rules/orders.yaml": b"policy: ["}
    assert vanished(before, before) == NOTHING
    assert vanished(before, BEFORE) == Vanished(("orders.yaml",))


EXCEPTION = "{waives: [orders.a], when: [account.id = 5, order.amount < 9], until: 2026-12-31, reason: {en: a, zh: b}}"


def waived(before: str | None, after: str | None) -> Vanished:
    """What a change of exceptions.yaml takes away; None: there is no such file."""
    sets = [
        {**BEFORE, **({"rules/exceptions.yaml": ended(text).encode()} if text is not None else {})}
        for text in (before, after)
    ]
    return vanished(*sets)


@pytest.mark.parametrize(
    ("before", "after", "waiving"),
    [
        (None, f"kn: {EXCEPTION}\n", ("kn",)),
        (f"kn: {EXCEPTION}\n", f"kn: {EXCEPTION}\nbb: {EXCEPTION}\naa: {EXCEPTION}\n", ("aa", "bb")),
        (f"kn: {EXCEPTION}\n", f"km: {EXCEPTION}\n", ("km",)),
        # another word anywhere in it may waive more
        (f"kn: {EXCEPTION}\n", f"kn: {EXCEPTION.replace('orders.a', 'orders.b')}\n", ("kn",)),
        (f"kn: {EXCEPTION}\n", f"kn: {EXCEPTION.replace('orders.a', 'orders.a, orders.b')}\n", ("kn",)),
        (f"kn: {EXCEPTION}\n", f"kn: {EXCEPTION.replace('= 5', '!= 5')}\n", ("kn",)),
        (f"kn: {EXCEPTION}\n", f"kn: {EXCEPTION.replace(', order.amount < 9', '')}\n", ("kn",)),
        (f"kn: {EXCEPTION}\n", f"kn: {EXCEPTION.replace('12-31', '12-30')}\n", ("kn",)),
        # layout, comments and the order of keys say nothing; what is gone waives nothing
        (f"kn: {EXCEPTION}\n", f"# signed\nkn:   {EXCEPTION} # twice\n", ()),
        (
            f"kn: {EXCEPTION}\n",
            "kn:\n  reason: {zh: b, en: a}\n  until: 2026-12-31\n  waives: [orders.a]\n"
            "  when:\n    - account.id = 5\n    - order.amount < 9\n",
            (),
        ),
        (f"kn: {EXCEPTION}\nkm: {EXCEPTION}\n", f"kn: {EXCEPTION}\n", ()),
        (f"kn: {EXCEPTION}\n", None, ()),
        (f"kn: {EXCEPTION}\n", "", ()),
        (f"kn: {EXCEPTION}\n", "kn: [", ()),
        # of a file of before that can't be read nothing is known to have been waived
        ("kn: [", f"kn: {EXCEPTION}\n", ("kn",)),
    ],
)
def test_an_exception_that_is_new_or_says_something_else_takes_rules_away(
    before: str | None, after: str | None, waiving: tuple[str, ...]
) -> None:
    expected = Vanished(exceptions=tuple(f"exceptions.{name}" for name in waiving))
    assert waived(before, after) == expected
    assert bool(expected) is bool(waiving)


def test_any_rules_left_out_of_any_files_are_the_ones_named() -> None:
    """Random sets, of which a random part is left out, in random order and places."""
    chance = random.Random(8)
    for _ in range(200):
        rules = {(f"p{chance.randint(0, 4)}", f"r{chance.randint(0, 9)}") for _ in range(12)}
        kept = {rule for rule in rules if chance.random() < 0.8}
        before, after = _set_of(rules, chance), _set_of(kept, chance)
        found = vanished(before, after)
        assert found.rules == tuple(sorted(f"{name}.{rule}" for name, rule in rules - kept))
        assert set(found.policies) == {name for name, _ in rules} - {name for name, _ in kept}


def _set_of(rules: set[tuple[str, str]], chance: random.Random) -> dict[str, bytes]:
    names = sorted({name for name, _ in rules})
    chance.shuffle(names)
    shuffled = sorted(rules)
    chance.shuffle(shuffled)
    return {f"{name}.yaml": policy(name, *(rule for owner, rule in shuffled if owner == name)) for name in names}


# --- lists -----------------------------------------------------------------------------------------------------------

LIST = b"entry\nAT\nDE\n...\n"
EMPTY = b"entry\n...\n"


@pytest.mark.parametrize(
    ("after", "gone"),
    [
        ({"lists/banks.csv": LIST}, ()),
        ({"lists/banks.csv": b"entry\nAT\n...\n"}, ()),
        ({"lists/banks.csv": b"entry\nAT\nDE\n"}, ()),  # a mistake to mend first
        ({"lists/banks.csv": EMPTY}, ("lists/banks.csv",)),
        ({"lists/banks.csv": b"date\n...\n"}, ("lists/banks.csv",)),
        ({}, ("lists/banks.csv",)),
        ({"banks.csv": LIST}, ("lists/banks.csv",)),
        ({"lists/banks.yaml": b"value: [AT, DE]\n...\n"}, ("lists/banks.csv",)),
    ],
)
def test_a_list_that_is_gone_or_emptied_takes_something_away_and_one_that_is_edited_does_not(
    after: dict[str, bytes], gone: tuple[str, ...]
) -> None:
    files = {f"rules/{name}": content for name, content in after.items()}
    assert vanished({**BEFORE, "rules/lists/banks.csv": LIST}, {**BEFORE, **files}) == Vanished(gone)


def test_a_list_that_was_empty_may_stay_so_and_a_new_one_may_come() -> None:
    empty = {**BEFORE, "rules/lists/banks.csv": EMPTY}
    assert vanished(empty, {**BEFORE, "rules/lists/banks.csv": b"entry\n\n...\n"}) == NOTHING
    assert vanished(empty, {**BEFORE, "rules/lists/banks.csv": LIST}) == NOTHING
    assert vanished(BEFORE, empty) == NOTHING
    emptied = {**BEFORE, "rules/lists/banks.yaml": b"value: {2026-01-01: [AT]}\n...\n"}
    assert vanished(emptied, {**BEFORE, "rules/lists/banks.yaml": b"value: []\n...\n"}) == Vanished(
        ("lists/banks.yaml",)
    )


@pytest.mark.parametrize("kind", ["files", "policies", "rules", "exceptions"])
def test_one_thing_of_any_kind_is_something_that_has_vanished(kind: str) -> None:
    assert not Vanished()
    assert Vanished(**{kind: ("a",)})
