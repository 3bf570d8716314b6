"""The order of the README is held; with whatever file of the shipped policies removed, emptied, cut off or put in
another's place it is never approved: at a start, on the command line and while the service runs.

Reading refuses nearly all cuts, and `load` passes on whatever reading refuses; so each cut is read, and what reading
takes, and a part of what it refuses, goes all the way to a decision.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path

import httpx2
import pytest

from api.http.metrics import Metrics
from api.policy_compiler import Compiler
from api.settings import Settings
from engine.pipeline import load
from engine.reading.document import read
from engine.reading.list_file import is_list_file
from ledger.journal.journal import Journal
from ledger.policies.in_force import NoPolicyInForce, Policies
from tests.support.command_line import credence
from tests.support.default_policies import default_folder
from tests.support.large import IS_LARGE, how_many
from tests.support.paths import ROOT
from tests.support.running_service import eventually, running
from tests.support.steps import long_after

ORDER_FILE = ROOT / "docs" / "order.json"
ORDER = json.loads(ORDER_FILE.read_text(encoding="utf-8"))
FACTS = {group: ORDER[group] for group in ("order", "account")}
AS_OF = date.fromisoformat(ORDER["as_of"])

SHIPPED = dict(default_folder().policies)
MAPS = dict(default_folder().maps)
ABOUT_ORDERS = ("rules/orders.yaml", "rules/release.yaml", "rules/limits.yaml", "rules/facts.yaml")
APPROVED = ("approve", "approve_with_conditions")
WELCOME = b"""\
policy: welcome
title: {en: Welcome, zh: W}
decides: order
rules:
  any:
    when: order.amount > 0
    then: approve
    reason: {en: Welcome., zh: W.}
...
"""
RANDOM_CUTS = 500
SEED = 20261126

_BOUNDARY = re.compile(rb"^(?:  )?(?=[^\s#])", re.MULTILINE)
"""Where a top-level entry begins, and where a rule, a value or an item does."""


def boundaries(content: bytes) -> list[int]:
    return sorted({found.start() for found in _BOUNDARY.finditer(content)})


def random_cuts(chance: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """At any byte, inside of characters as well."""
    for _ in range(count):
        name = chance.choice(sorted(SHIPPED))
        yield name, SHIPPED[name][: chance.randrange(len(SHIPPED[name]))]


def outcome(files: dict[str, bytes]) -> str | None:
    """None where the set doesn't check, so that nothing decides."""
    engine = load(files).engine
    if engine is None:
        return None
    try:
        return engine.decide("order", FACTS, AS_OF, "1").outcome
    finally:
        engine.close()


def with_file(name: str, content: bytes | None) -> dict[str, bytes]:
    changed = {**SHIPPED, name: content or b""}
    return {other: text for other, text in changed.items() if other != name or content is not None}


def unlisted(files: dict[str, bytes], policy: str) -> dict[str, bytes]:
    """With the policy's line in facts.yaml deleted too."""
    facts = files["rules/facts.yaml"].replace(f"  - {policy}\n".encode(), b"")
    assert facts != files["rules/facts.yaml"]
    return {**files, "rules/facts.yaml": facts}


def policy_of(name: str) -> str:
    found = re.search(rb"^policy: (\w+)", SHIPPED[name], re.MULTILINE)
    assert found
    return found[1].decode()


def test_the_order_is_held_as_it_is() -> None:
    assert outcome(SHIPPED) == "hold"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_boundary_of_every_file_is_refused_when_it_is_cut_there(name: str) -> None:
    content = SHIPPED[name]
    cuts = boundaries(content)
    assert len(cuts) > (1 if is_list_file(name) else 5)
    for at in cuts:
        assert read(content[:at], name, end_mark=True)[1], content[:at][-80:]


def test_five_hundred_random_cuts_are_refused_or_lose_nothing() -> None:
    for name, cut in random_cuts(random.Random(SEED), RANDOM_CUTS):
        if not read(cut, name, end_mark=True)[1]:
            assert SHIPPED[name].startswith(cut.rstrip())
            assert outcome(with_file(name, cut)) == "hold"


@pytest.mark.parametrize("name", MAPS)
def test_maps_are_refused_at_every_boundary_as_well(name: str) -> None:
    for at in boundaries(MAPS[name]):
        assert read(MAPS[name][:at], name, end_mark=True)[1]


@pytest.mark.parametrize("name", ABOUT_ORDERS)
def test_what_concerns_orders_gives_no_approval_at_many_boundaries(name: str) -> None:
    """At every 23rd; at each under `make large`. All are refused when the file is read, as tested above."""
    for at in boundaries(SHIPPED[name])[:: how_many(23, large=1)]:
        assert outcome(with_file(name, SHIPPED[name][:at])) not in APPROVED


@pytest.mark.parametrize(
    "name", long_after(2, (*ABOUT_ORDERS, *(name for name in SHIPPED if name not in ABOUT_ORDERS)))
)
def test_a_file_that_is_removed_or_emptied_gives_none_listed_or_not(name: str) -> None:
    """In every way where it concerns orders, and under `make large`; else removed, and in one of the other ways."""
    is_each_way = IS_LARGE or name in ABOUT_ORDERS
    changes = [
        with_file(name, None),
        with_file(name, b""),
        with_file(name, b"...\n"),
        with_file(name, b"# gone\n...\n"),
    ]
    if name != "rules/facts.yaml" and is_each_way:
        changes += [unlisted(changes[0], policy_of(name)), unlisted(changes[1], policy_of(name))]
    one_other = changes[1 + sorted(SHIPPED).index(name) % 3]
    for files in changes if is_each_way else [changes[0], one_other]:
        assert outcome(files) not in APPROVED


SWAPPED = [
    pair
    for pair in list(combinations(SHIPPED, 2))[:: how_many(3, large=1)]
    if "rules/orders.yaml" in pair or (IS_LARGE and "rules/facts.yaml" in pair)
]
"""Orders with every third other file; with each, and facts too, under `make large`."""


@pytest.mark.parametrize(("one", "other"), long_after(1, SWAPPED))
def test_files_in_each_others_places_give_none(one: str, other: str) -> None:
    assert outcome({**SHIPPED, one: SHIPPED[other], other: SHIPPED[one]}) not in APPROVED


def test_with_the_policy_that_holds_orders_gone_on_purpose_a_person_has_to_look() -> None:
    """With every policy that decides orders, since others read orders.yaml and wouldn't check without it. A policy that
    is then added for orders, and could only approve them, changes nothing. Nor do the invariants stay: they name values
    of what is gone."""
    files = {name: text for name, text in SHIPPED.items() if name != "rules/invariants.yaml"}
    for name in [name for name, text in SHIPPED.items() if b"\ndecides: order\n" in text]:
        without = {other: text for other, text in files.items() if other != name}
        files = unlisted(without, policy_of(name))
    assert "rules/orders.yaml" not in files
    assert outcome(files) == "hold"
    listed = files["rules/facts.yaml"].replace(b"\npolicies:\n", b"\npolicies:\n  - welcome\n")
    assert outcome({**files, "rules/facts.yaml": listed, "rules/welcome.yaml": WELCOME}) == "hold"


# --- while it runs ---------------------------------------------------------------------------------------------------


def damaged(chance: random.Random) -> Iterator[tuple[str, bytes | None]]:
    """A file's name and what is left of it: nothing at all, an empty file, a part."""
    for name in SHIPPED:
        yield name, None
        yield name, b""
    for name in ABOUT_ORDERS:
        at = chance.choice(boundaries(SHIPPED[name]))
        yield name, SHIPPED[name][:at]
    yield from random_cuts(chance, 4)


@pytest.mark.long
def test_while_it_runs_nothing_that_is_damaged_takes_effect(tmp_path: Path) -> None:
    folder = _folder(tmp_path)

    async def follow() -> None:
        journal = Journal(tmp_path / "credence.db")
        compiler = Compiler()
        policies = Policies(folder, journal, Metrics(), compiler)
        try:
            await policies.start()
            version = policies.engine().version
            for name, left in list(damaged(random.Random(SEED)))[:: how_many(7, large=1)]:
                _damage(folder, name, left)
                await _looked_at(policies)
                assert policies.failed is not None
                assert policies.engine().version == version
                assert policies.engine().decide("order", FACTS, AS_OF, "1").outcome == "hold"
                _write(folder.parent / name, SHIPPED[name])
            await _looked_at(policies)
            assert (policies.failed, policies.pending, policies.engine().version) == (None, None, version)
        finally:
            await compiler.close()
            await asyncio.to_thread(journal.close)

    asyncio.run(follow())


@pytest.mark.parametrize("known", long_after(1, [False, True]), ids=["on a machine of its own", "after a whole start"])
def test_a_start_on_what_is_damaged_approves_nothing(tmp_path: Path, known: bool) -> None:
    """With the journal of a start before the damage the set of then decides; without, nothing does."""
    folder = _folder(tmp_path)

    async def start(name: str | None = None, left: bytes | None = None) -> None:
        if name is not None:
            _damage(folder, name, left)
        journal = Journal(tmp_path / f"{known or name}".replace("/", "-"))
        compiler = Compiler()
        policies = Policies(folder, journal, Metrics(), compiler)
        try:
            await policies.start()
            if known:
                assert policies.engine().decide("order", FACTS, AS_OF, "1").outcome == "hold"
            else:
                with pytest.raises(NoPolicyInForce):
                    policies.engine()
        finally:
            await compiler.close()
            await asyncio.to_thread(journal.close)
        if name is not None:
            assert policies.failed is not None
            _write(folder.parent / name, SHIPPED[name])

    if known:
        asyncio.run(start())
    for name, left in list(damaged(random.Random(SEED)))[: 24 : how_many(11, large=1)]:
        asyncio.run(start(name, left))


def test_the_service_itself_names_what_is_gone_and_goes_on_holding(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    orders = folder / "orders.yaml"
    whole = orders.read_bytes()
    with running(Settings(rules=folder, journal=tmp_path / "credence.db")) as client:
        assert _answer(client) == "hold"
        orders.unlink()
        eventually(lambda: client.get("/readyz").json()["pending"] is not None)
        pending = client.get("/readyz").json()["pending"]
        assert (pending["files"], pending["policies"]) == (["orders.yaml"], ["orders"])
        assert "orders.over-limit" in pending["rules"]
        assert _answer(client) == "hold"
        orders.write_bytes(whole[: whole.index(b"  over-limit:")])
        eventually(lambda: client.get("/readyz").json()["pending"]["files"] == [])
        assert "orders.over-limit" in client.get("/readyz").json()["pending"]["rules"]
        assert _answer(client) == "hold"
        orders.write_bytes(whole)
        eventually(lambda: client.get("/readyz").json()["pending"] is None)
        assert client.get("/readyz").json()["failed_change"] is None


# --- on the command line ---------------------------------------------------------------------------------------------


def _commands(home: Path) -> list[tuple[str | Path, ...]]:
    """Those that decide, over the folder `rules` there."""
    table, folder = home / "orders.ndjson", home / "rules"
    table.write_text(json.dumps(FACTS) + "\n", encoding="utf-8")
    out = home / "out.ndjson"
    tabled = (table, "--case", "order", "--as-of", ORDER["as_of"], "--rules", folder, "--out", out)
    return [
        ("decide", ORDER_FILE, "--rules", folder),
        ("batch", *tabled),
        ("decide-file", *tabled, "--rejects", home / "no.csv"),
    ]


def test_commands_hold_the_order_on_the_policies_as_they_are(tmp_path: Path) -> None:
    _folder(tmp_path)
    for command in _commands(tmp_path):
        assert credence(*command).exit_code == 0
    out = tmp_path / "out.ndjson"
    assert json.loads(out.read_text(encoding="utf-8").splitlines()[0])["outcome"] == "hold"


DAMAGED = list(damaged(random.Random(SEED)))


@pytest.mark.parametrize("number", long_after(2, range(0, len(DAMAGED), how_many(8, large=1))))
def test_no_command_approves_on_damaged_policies(tmp_path: Path, number: int) -> None:
    folder = _folder(tmp_path)
    name, left = DAMAGED[number]
    _damage(folder, name, left)
    result = credence(*_commands(tmp_path)[number // how_many(8, large=1) % 3])
    assert (result.exit_code in (1, 2), result.stdout) == (True, "")
    assert not (tmp_path / "out.ndjson").exists()
    assert credence("check", folder).exit_code in (1, 2)


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, content in SHIPPED.items():
        _write(tmp_path / name, content)
    return folder


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)  # that of lists
    path.write_bytes(content)


def _damage(folder: Path, name: str, left: bytes | None) -> None:
    if left is None:
        (folder.parent / name).unlink()
    else:
        _write(folder.parent / name, left)


async def _looked_at(policies: Policies) -> None:
    """Two looks that see the same."""
    await policies.refresh()
    await policies.refresh()


def _answer(client: httpx2.Client) -> str:
    return str(client.post("/v1/decisions/order", json=ORDER).json()["outcome"])
