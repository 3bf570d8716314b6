"""Whatever a text of ours tells a reader to install is ours to vouch for: a file or folder, or a library that the locks
name. A name that stands free on a package index, or belongs to somebody else, is neither."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from api.extension import DURABLE_RULES, FLAGS, rebuild_command
from engine.version import RELEASE
from files.extras import BULK, POSTGRES, SPARK
from tests.support.distribution import known_files
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TEXTS = (".md", ".py", ".sh", ".toml", ".yaml", ".yml", ".txt", "Makefile", "Dockerfile", "run")
OTHERS = ("locks/", "requirements", "tests/")
"""The locks themselves, and what says such things on purpose."""

_INSTALL = re.compile(
    r"\b(?:pip3?|pipx|uvx?|poetry|pdm|conda|mamba)[ \t]+(?:pip[ \t]+|tool[ \t]+)?"
    r"(?:install|add|download|wheel|run)\b([^`\n|;&)]*)"
)
_OPTIONS_WITH_VALUE = {
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-d",
    "--dest",
    "--wheel-dir",
    "--no-binary",
    "--only-binary",
    "--python",
}
_WORD = re.compile(r"""[^\s'"]*(?:'[^']*'|"[^"]*")[^\s'"]*|\S+""")


def named(text: str) -> list[str]:
    """What each install command in a text names, without options, files and folders."""
    found = []
    for command in _INSTALL.finditer(text.replace("\\\n", " ")):
        words = [re.sub("[\"']", "", word) for word in _WORD.findall(command[1].partition(" #")[0])]
        values = {index + 1 for index, word in enumerate(words) if word in _OPTIONS_WITH_VALUE}
        found += [word for index, word in enumerate(words) if index not in values and not _is_no_name(word)]
    return found


def _is_no_name(word: str) -> bool:
    path = word.partition("[")[0]
    return not word or word.startswith(("-", "$", "{", ".", "/")) or path.endswith((".whl", ".tar.gz"))


def vouched_for() -> set[NormalizedName]:
    """Libraries that pyproject.toml names, without the distribution itself: nothing is published under its name yet."""
    extras = [each for names in PROJECT["optional-dependencies"].values() for each in names]
    required = {canonicalize_name(Requirement(each).name) for each in (*PROJECT["dependencies"], *extras)}
    return required - {canonicalize_name(PROJECT["name"])}


def strangers(text: str) -> list[str]:
    found = []
    for word in named(text):
        try:
            if canonicalize_name(Requirement(word).name) not in vouched_for():
                found.append(word)
        except InvalidRequirement:
            found.append(word)
    return found


def test_no_text_tells_to_install_a_name_that_is_not_vouched_for() -> None:
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in known_files()
        if name.endswith(TEXTS) and not name.startswith(OTHERS)
    }

    assert {name: found for name, text in texts.items() if (found := strangers(text))} == {}
    assert [name for name, text in texts.items() if re.search(r"\bcredence\[", text)] == []
    assert {"README.md", "docs/operations.md", "files/extras.py", "Makefile"} <= set(texts)


@pytest.mark.parametrize(
    "command",
    [
        "pip install credence",
        "pip install credence[spark]",
        "pip install 'credence[bulk]'",
        'pip3 install -U "credence >= 1"',
        "python -m pip install --upgrade credence==0.2.0",
        "pip install credence-decisions",
        "pip install -r locks/run.txt credence",
        "pip install \\\n    credence",
        "pip install credence  # the service",
        "uv pip install credence",
        "uv add credence-spark",
        "pipx install credence",
        "pip download --dest x Credence_Decisions",
        "pip install fastapi credence-extras",
    ],
)
def test_such_a_name_is_seen_however_it_is_written(command: str) -> None:
    assert strangers(f"Then `{command}`, and so on.") != []


@pytest.mark.parametrize(
    "command",
    [
        "pip install './credence_decisions-0.2.0-py3-none-any.whl[bulk,spark]'",
        "pip install '.[bulk]'",
        "pip install --require-hashes -r locks/run.txt",
        "CPPFLAGS='-O2 -DNDEBUG' pip install --no-binary durable-rules --no-cache-dir durable-rules==2.0.28",
        "pip install 'duckdb>=2.0' pyarrow",
    ],
)
def test_files_folders_and_locked_libraries_are_fine(command: str) -> None:
    assert strangers(command) == []


@pytest.mark.parametrize(("extra", "command"), [("bulk", BULK), ("postgres", POSTGRES), ("spark", SPARK)])
def test_the_hints_name_the_libraries_of_their_extra(extra: str, command: str) -> None:
    own = PROJECT["name"]
    assert named(command) == [each for each in PROJECT["optional-dependencies"][extra] if not each.startswith(own)]


def test_the_distribution_is_not_called_what_belongs_to_somebody_else() -> None:
    assert PROJECT["name"] == "credence-decisions"
    assert PROJECT["scripts"] == {"credence": "api.cli.start:start"}


def test_the_docs_give_the_command_that_compiles_the_matcher() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert f"\n{rebuild_command()}\n" in operations
    assert DURABLE_RULES in PROJECT["dependencies"]
    assert re.findall(r'^flags="(.*)"$', (ROOT / "scripts" / "install.sh").read_text(), re.M) == [FLAGS]


def test_the_wheel_that_the_docs_name_is_the_one_that_is_built() -> None:
    wheel = f"{PROJECT['name'].replace('-', '_')}-{RELEASE}-py3-none-any.whl"
    texts = "".join((ROOT / name).read_text(encoding="utf-8") for name in known_files() if name.endswith(".md"))

    assert set(re.findall(r"[\w.-]+\.whl", texts)) == {wheel}
