"""Whatever lies in a rules folder, no more of it is read than a policy set can have, and no name steers a terminal."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import pytest

from engine.reading.document import BYTES_MAX
from files.bounded_files import read_named, read_ordinary
from files.input_refused import InputRefused
from files.visible import unseen, visible
from ledger.policies.rules_folder import FILES_MAX, FOLDER_BYTES_MAX, look, read_folder
from tests.support.command_line import CASES, MAP, credence, desk

GIGABYTES = 3 << 30


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return desk(tmp_path / "rules")


def _made_of_holes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(GIGABYTES)


@pytest.mark.parametrize("where", ["big.yaml", "cases/big.yaml", "maps/big.yaml"])
def test_a_file_of_gigabytes_costs_a_megabyte(rules: Path, where: str) -> None:
    _made_of_holes(rules / where)
    tracemalloc.start()
    folder = read_folder(rules)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * BYTES_MAX
    everything = {**folder.policies, **folder.cases, **folder.maps}
    assert len(everything[f"{rules}/{where}"]) == BYTES_MAX + 1
    result = credence("check", rules)
    assert result.exit_code == 1
    assert f"{where}:1:1: Y002 the file has more than 1048576 bytes (split it into several files)" in result.stdout


def test_a_map_and_a_case_that_are_named_are_read_no_further_either(rules: Path, tmp_path: Path) -> None:
    big = tmp_path / "big.yaml"
    _made_of_holes(big)
    mapped = credence(
        "batch", "in.csv", "--case", "invoice", "--rules", rules, "--map", big, "--out", tmp_path / "o.csv"
    )
    assert (mapped.exit_code, "Y002" in mapped.stderr) == (2, True)
    decided = credence("decide", big, "--rules", rules)
    assert (decided.exit_code, "more than 1048576 bytes" in decided.stderr) == (2, True)
    piped = credence("decide", "-", "--rules", rules, stdin=b"x" * (BYTES_MAX + 1))
    assert (piped.exit_code, "`stdin` has more than" in piped.stderr) == (2, True)


def test_too_many_files_and_too_much_in_them_are_refused(rules: Path) -> None:
    more = [rules / f"p{number}.yaml" for number in range(FILES_MAX)]
    for path in more:
        path.write_bytes(b"# nothing\n...\n")
    with pytest.raises(InputRefused, match=f"holds {FILES_MAX + 3} .yaml files; the most is {FILES_MAX}"):
        read_folder(rules)
    for path in more[: FOLDER_BYTES_MAX // BYTES_MAX + 1]:
        path.write_bytes(b"#" * (BYTES_MAX - 1))
    for path in more[FOLDER_BYTES_MAX // BYTES_MAX + 1 :]:
        path.unlink()
    with pytest.raises(InputRefused, match=f"more than {FOLDER_BYTES_MAX} bytes"):
        read_folder(rules)


def test_what_is_no_ordinary_file_is_left_out_and_never_waited_for(rules: Path) -> None:
    before = read_folder(rules)
    os.mkfifo(rules / "pipe.yaml")
    (rules / "zero.yaml").symlink_to("/dev/zero")
    (rules / "loop.yaml").symlink_to("loop.yaml")
    (rules / "nowhere.yaml").symlink_to("gone")
    (rules / "folder.yaml").mkdir()
    (rules / ".orders.yaml.swp").write_text("policy: [")
    assert read_folder(rules) == before
    assert look(rules) == look(rules)
    assert read_ordinary(rules / "pipe.yaml") is None  # also where it came between the look and the reading


def test_a_pipe_that_is_named_is_read(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.write(writes, b"a: 1\n")
    os.close(writes)
    assert read_named(Path(f"/dev/fd/{reads}")) == b"a: 1\n"
    os.close(reads)


# --- looks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["written", "replaced", "same size and time", "touched", "removed", "added", "moved"])
def test_every_change_is_seen_by_a_look(rules: Path, how: str) -> None:
    orders = rules / "orders.yaml"
    before, content, was = look(rules), orders.read_bytes(), orders.stat()
    match how:
        case "written":
            orders.write_bytes(content + b"#\n")
        case "replaced":
            (rules / "new").write_bytes(content)
            (rules / "new").replace(orders)
        case "same size and time":
            orders.write_bytes(content.replace(b"10000", b"90000"))
            os.utime(orders, ns=(was.st_atime_ns, was.st_mtime_ns))
        case "touched":
            orders.touch()
        case "removed":
            orders.unlink()
        case "added":
            (rules / "more.yaml").write_bytes(content)
        case "moved":
            rules.rename(rules.with_name("away"))
    assert look(rules) != before


@pytest.mark.parametrize("name", ["banks.csv", "banks.yaml", "banks.yml"])
def test_lists_are_part_of_the_set_and_every_change_of_one_is_seen(rules: Path, name: str) -> None:
    policies = read_folder(rules).policies
    (rules / "lists").mkdir()
    before = look(rules)
    (rules / "lists" / name).write_text("entry\nAT\n...\n")
    (rules / "lists" / "notes.txt").write_text("x")
    (rules / "lists" / f".{name}.swp").write_text("x")
    assert dict(read_folder(rules).policies) == {**policies, f"{rules}/lists/{name}": b"entry\nAT\n...\n"}
    assert (added := look(rules)) != before
    (rules / "lists" / name).write_text("entry\nDE\n...\n")
    assert (edited := look(rules)) != added
    (rules / "lists" / name).unlink()
    assert look(rules) not in (added, edited)


def test_a_rules_folder_is_not_called_as_the_folder_of_lists_in_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="rename it"):
        read_folder(desk(tmp_path / "lists"))


def test_a_look_sees_nothing_where_nothing_of_the_policies_changed(rules: Path) -> None:
    before = look(rules)
    (rules / "notes.md").write_text("x")
    (rules / "cases" / "orders.yaml").write_text(CASES + "\n")
    assert look(rules) == before


# --- names -----------------------------------------------------------------------------------------------------------

UNSEEN = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\r",
    "\n",
    "\x7f",
    "\x9b31m",
    "\u202e",
    "\u2066",
    "\u200b",
    "\ufeff",
    "\udcff",
]


@pytest.mark.parametrize("part", UNSEEN, ids=ascii)
@pytest.mark.parametrize("where", ["", "cases", "maps"])
def test_a_file_name_that_can_not_be_seen_is_refused_and_spelled_out(rules: Path, part: str, where: str) -> None:
    (rules / where / f"a{part}b.yaml").write_text(MAP, encoding="utf-8")
    result = credence("check", rules)
    assert result.exit_code == 2
    assert part not in result.stderr.removesuffix("\n")
    assert result.stderr.isprintable() or result.stderr.count("\n") == 1
    spelled = visible(part.replace("\n", "\x0a")) if part not in "\n\t" else "\\x0a"
    assert f"a{spelled}b.yaml` holds the invisible character U+" in result.stderr


@pytest.mark.parametrize("part", ["\x1b[31m", "\u202e", "\x9b"], ids=ascii)
def test_a_folder_s_name_is_spelled_out_wherever_it_is_shown(tmp_path: Path, part: str) -> None:
    rules = desk(tmp_path / f"ru{part}les")
    (rules / "orders.yaml").write_text("policy: orders\n...\n", encoding="utf-8")
    for command in (("check", rules), ("check", rules, "--json"), ("test", rules), ("check", rules / "none")):
        result = credence(*command)
        said = result.stdout + result.stderr
        assert result.exit_code in (1, 2)
        assert f"ru{visible(part)}les" in said.replace("\\\\", "\\")
        assert part not in said
        if "--json" in command:
            assert json.loads(result.stdout)["diagnostics"]


def test_what_can_be_seen_stays_as_it_is() -> None:
    for text in ("orders.yaml", "订单 é ß ⟶ “x”", "a\tb\nc", ""):
        assert visible(text) == text
    assert unseen("订单é.yaml") is None
    assert visible("\x1b\u202e\U000e0041") == "\\x1b\\u202e\\U000e0041"


def test_a_folder_that_can_not_be_looked_at_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="can't be read: File name too long"):
        read_folder(tmp_path / ("x" * 5000))
