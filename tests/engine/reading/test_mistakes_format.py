"""The format of the files of mistakes: what it reads, that it is exact, and that it can be brought up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.mistakes import assert_diagnostics, mistakes_in

FRAMED = """\
# What can be wrong.
#| a: 1
#| b: MISTAKE

# a section

{x
}
>>> 2:4: P001 one
>>> 3:1: P002 two

# y
>>> 2:4: P003 three
"""
EDITS = """\
# Edits.
#| a: 1
#| b: 2

- b: 2
+ b: 3
+ c: 4
>>> 2:1: P001 one

- a: 1
>>> 1:1: P002 two
"""


def file(folder: Path, text: str) -> Path:
    path = folder / "some.txt"
    path.write_text(text, "utf-8")
    return path


def test_a_mistake_stands_in_the_frame_with_its_diagnostics_beside_it(tmp_path: Path) -> None:
    one, two = mistakes_in(file(tmp_path, FRAMED))
    assert (one.line, one.text) == (7, "a: 1\nb: {x\n}\n")
    assert (one.expected, one.codes) == (("2:4: P001 one", "3:1: P002 two"), {"P001", "P002"})
    assert (two.line, two.text, two.codes) == (12, "a: 1\nb: # y\n", {"P003"})


def test_a_mistake_may_be_an_edit_of_the_frame(tmp_path: Path) -> None:
    one, two = mistakes_in(file(tmp_path, EDITS))
    assert one.text == "a: 1\nb: 3\nc: 4\n"
    assert two.text == "b: 2\n"


def test_the_same_mistake_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"some.txt:15: the same mistake as in line 12"):
        mistakes_in(file(tmp_path, FRAMED + "\n# y\n>>> 1:1: P009 nine\n"))


@pytest.mark.parametrize(
    "said",
    [
        [],
        ["f.yaml:2:4: P003 thre"],
        ["f.yaml:2:4: P003 three, and more"],
        ["f.yaml:2:4: P003 three", "f.yaml:2:4: P003 three"],
        ["g.yaml:2:4: P003 three"],
    ],
)
def test_anything_but_the_letter_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    monkeypatch.delenv("UPDATE_MISTAKES", raising=False)
    _, mistake = mistakes_in(file(tmp_path, FRAMED))
    assert_diagnostics(mistake, ["f.yaml:2:4: P003 three"], "f.yaml")
    with pytest.raises(AssertionError):
        assert_diagnostics(mistake, said, "f.yaml")


def test_what_is_said_now_can_be_written_into_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPDATE_MISTAKES", "1")
    path = file(tmp_path, FRAMED + "\n\nnew\n")
    said = {"{x\n}": ["f.yaml:2:4: P001 other"], "# y": ["f.yaml:2:4: P003 three"], "new": ["g.yaml:1:1: P004 four"]}
    for mistake in mistakes_in(path):
        assert_diagnostics(mistake, said[mistake.written], "f.yaml")
    assert path.read_text("utf-8") == (
        FRAMED.replace(">>> 2:4: P001 one\n>>> 3:1: P002 two\n", ">>> 2:4: P001 other\n")
        + "\n\nnew\n>>> g.yaml:1:1: P004 four\n"
    )


def test_what_is_no_mistake_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UPDATE_MISTAKES", raising=False)
    sound, unknown = mistakes_in(file(tmp_path, "# Sound.\n\na: 1\n>>> nothing\n\nb: 1\n"))
    assert_diagnostics(sound, [], "f.yaml")
    assert sound.codes == set()
    with pytest.raises(AssertionError):
        assert_diagnostics(sound, ["f.yaml:1:1: P001 one"], "f.yaml")
    with pytest.raises(AssertionError):
        assert_diagnostics(unknown, [], "f.yaml")
