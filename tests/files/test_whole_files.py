"""Files that appear whole or not at all, and in the place of files only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from files.whole_files import is_ordinary, whole_files


def test_all_files_appear_when_all_is_done(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    with whole_files(paths) as files:
        for file in files:
            file.write("after")
        assert not any(path.exists() for path in paths)
    assert [path.read_text() for path in paths] == ["after", "after"]
    assert len(list(tmp_path.iterdir())) == 2


def test_what_goes_wrong_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    with pytest.raises(KeyboardInterrupt), whole_files([tmp_path / "a", tmp_path / "b"]) as files:
        files[0].write("half")
        raise KeyboardInterrupt
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "before")]


def test_nothing_takes_the_place_of_a_pipe_a_device_or_a_folder(tmp_path: Path) -> None:
    """Refused before a row is written, and the file opened before it is gone again."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "folder", "null"):
        with (
            pytest.raises(OSError, match="no ordinary file") as refused,
            whole_files([tmp_path / "a", tmp_path / name]),
        ):
            raise AssertionError("it was opened")
        assert refused.value.filename == str(tmp_path / name)
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "null").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "null", "pipe"]


def test_a_file_is_written_where_a_link_points_to_and_the_link_stays(tmp_path: Path) -> None:
    """As /dev/stdout does where output goes to a file; replaced, it would be gone for everyone."""
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "a", tmp_path / "link"
    target.write_text("before")
    link.symlink_to(target)
    assert is_ordinary(link)
    with whole_files([link]) as (file,):
        file.write("after")
    assert link.is_symlink()
    assert target.read_text() == "after"
    assert [path.name for path in target.parent.iterdir()] == ["a"]
