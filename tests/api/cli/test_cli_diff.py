"""`credence diff`: folders, commits and versions compared; words, categories, exit codes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from api import proof_job
from tests.support.command_line import credence
from tests.support.small_invariants import files


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with one commit in its working folder; `rules` differ from it by one number."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, content in files().items():
        (rules / Path(name).name).write_bytes(content)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    for words in (("init", "-q", "-b", "main"), ("add", "."), (*who, "commit", "-q", "-m", "first")):
        subprocess.run(("git", *words), check=True, cwd=tmp_path)
    desk = rules / "desk.yaml"
    desk.write_text(desk.read_text().replace("value: 1000", "value: 2000"))
    return tmp_path


def test_a_commit_and_a_folder_are_compared_and_proved(sets: Path) -> None:
    result = credence("diff", "main", "rules", "--prove", "--as-of", "2026-07-15")

    assert result.exit_code == 1, result.output
    assert "parameter desk.most  Most: EUR 1,000.00 → EUR 2,000.00\n" in result.stdout
    assert "order: looser only (proved)\n" in result.stdout
    assert "hold → approve\n" in result.stdout
    assert "invoice: same decisions (proved)\n" in result.stdout


def test_json_holds_changes_and_categories(sets: Path) -> None:
    result = credence("diff", "main:rules", "./rules", "--prove", "--json")
    shown = json.loads(result.stdout)
    order = next(each for each in shown["cases"] if each["case"] == "order")

    assert [each["name"] for each in shown["changes"]] == ["desk.most"]
    assert (order["category"], order["stricter"]["verdict"], order["looser"]["verdict"]) == (
        "looser",
        "proved",
        "refuted",
    )
    assert order["looser"]["witness"]["after"]["outcome"] == "approve"


def test_without_a_proof_it_counts_as_both_and_what_tests_show_is_shown(sets: Path) -> None:
    cases = sets / "rules" / "cases"
    cases.mkdir()
    case = """\
cases: mine
case_kind: order
as_of: 2026-07-15
tests:
  between:
    facts: {order: {id: SO-1, amount: 1500}, account: {id: C-1, insolvent: false}}
    expect: {outcome: approve, reasons: []}
...
"""
    (cases / "mine.yaml").write_text(case)

    result = credence("diff", "main", "rules")

    assert result.exit_code == 1
    assert "order: stricter and looser (not proved)" in result.stdout
    assert "for example mine/between (2026-07-15): hold → approve\n" in result.stdout
    assert "    - desk.too-much: Too much.\n" in result.stdout
    assert "--prove settles it" in result.stderr


def test_the_same_set_twice_changes_nothing(sets: Path) -> None:
    result = credence("diff", "rules", "./rules", "--lang", "zh")

    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "没有变化")


def test_without_a_solver_nothing_is_proved(sets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_job, "is_there", lambda: False)

    result = credence("diff", "main", "rules", "--prove")

    assert result.exit_code == 1
    assert "order: stricter and looser (not proved)" in result.stdout
    assert "the solver isn't installed" in result.stdout


@pytest.mark.parametrize(
    ("word", "said"),
    (
        ("nowhere", "`nowhere` is no policy set; give a folder, a git commit, or with --journal"),
        ("--help-me", "No such option"),
        ("main:policies", "the commit `main` has no folder `policies` with policies; name it: main:FOLDER"),
    ),
)
def test_what_is_no_set_is_refused(sets: Path, word: str, said: str) -> None:
    result = credence("diff", word, "rules")

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_set_with_mistakes_is_shown_with_them(sets: Path) -> None:
    desk = sets / "rules" / "desk.yaml"
    desk.write_text(desk.read_text().replace("open > most\n", "open > mst\n", 1))

    result = credence("diff", "main", "rules")

    assert result.exit_code == 1
    assert "did you mean `most`?" in result.stderr
