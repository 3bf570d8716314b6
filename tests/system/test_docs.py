"""Every command in the documents is run as it stands there, and prints what stands below it.

With UPDATE_DOCS=1 what is printed today is written into the documents instead; the change is then read in `git diff`.
How a document says what is to be run: tests/support/doc_pages.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.settings import Settings
from ledger.policies.policy_mode import PolicyMode
from scripts.option_tables import commands as cli_commands
from scripts.pictures import PICTURES, draw, pictures
from scripts.sample_ledger import LEDGER, ledger
from tests.support.command_line import credence
from tests.support.doc_pages import EXAMPLE_ID, Page, blocks, renewed, says, shell_lines
from tests.support.paths import ROOT
from tests.support.running_service import eventually, running

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))

IN_A_CHECKOUT = ("README.md", "docs/development.md", "CONTRIBUTING.md")
FROM_AN_EMPTY_FOLDER = ("docs/tutorial.md", "docs/command-line.md", "docs/first-day.md")
"""All other pages begin in a folder that `credence init` made."""

LONG_PAGES = (
    "docs/changing-policies.md",
    "docs/command-line.md",
    "docs/upgrading.md",
    "docs/auditors.md",
    "docs/policy-tests.md",
    "docs/backtest.md",
)
"""Those whose commands take longest; run in `make test-long`."""

NOT_RUN = {
    "credence erase": "takes keys of two persons; tests/api/http/test_erasure_routes.py has them",
    "make": "sets up an environment of its own or runs these tests",
    "pip": "installs; tests/system/test_wheel.py does the same in an environment of its own",
    "python3 -m venv": "installs",
    ". /srv/credence": "installs",
    "CPPFLAGS=": "compiles; tests/system/test_install.py does",
    "credence journal roles --apply": "needs a PostgreSQL server; tests/ledger/store/test_server_rights.py has one",
    "(cd wheelhouse": "needs wheels of releases; tests/api/cli/test_cli_replay_engines.py builds some",
    "credence journal replay --all --with-engine": "the same",
    "psql": "needs a PostgreSQL server",
    "credence init /srv": "writes outside the test's folder; tests/api/cli/test_cli_init.py runs it",
    "docker": "needs a container engine",
    "openapi-python-client": "not installed with credence; tests/api/http/test_generated_clients.py runs it",
    "CREDENCE_KEY=crk_…": "needs what the line above makes; the same test runs it",
    "credence backup /backup": "writes outside the test's folder; tests/api/cli/test_cli_backup.py runs it",
    "credence restore": "needs what the line above makes; the same test runs it",
    "credence serve": "runs until it is stopped; tests/api/cli/test_cli_serve.py starts it",
    "git checkout": "the test's folder is no repository",
}
"""How commands begin that no test can run as they stand, and why."""

IBM = "ibm_accounts_receivable.csv"
"""Not in this repository: where it is, tests/system/test_figures_in_docs.py runs what names it."""

ASKS = tuple(
    f"credence {word}"
    for word in ("activate", "policies", "people", "keys", "webhooks", "import", "account", "order", "holds", "ledger")
)
"""Commands that ask the service which listens on port 8000."""

READS_SIGNED = tuple(f"credence journal {word}" for word in ("export", "verify", "proof", "checkpoint")) + (
    "credence audit",
)
"""Commands that go as far as the newest checkpoint, which the service signs within a second."""

_STARTS = "|".join(map(re.escape, ("credence", "curl", *NOT_RUN)))
COMMAND = re.compile(rf"^ *(?:\$ )?(?:\.venv/bin/)?(?:{_STARTS}) ", re.MULTILINE)


VERSION = re.compile(r"\b[0-9a-f]{64}\b")
LOG = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[.*\n", re.MULTILINE)
"""What the service says meanwhile, which runs in the same process."""


class TestShell:
    """Runs command lines in a folder: `credence` in this process, all else in a shell. What listens on port 8000 in the
    documents is a service over the folder's rules, started for the first line that asks it."""

    __test__ = False

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._service: httpx2.Client | None = None
        self._last_id = EXAMPLE_ID
        self._rules_seen = ""
        self._mode = PolicyMode.WATCH

    def run(self, line: str) -> tuple[str, int] | None:
        line = line.removeprefix(".venv/bin/")
        if IBM in line or any(line.startswith(start) for start in NOT_RUN):
            return None
        os.chdir(self.folder)
        if line.startswith("CREDENCE_POLICIES="):  # before the service is asked for the first time
            self._mode = PolicyMode(line.partition("=")[2])
            return "", 0
        if line.startswith("cd "):
            self.folder /= line.removeprefix("cd ")
            return "", 0
        if ":8000" in line or line.startswith(ASKS):
            return self._ask(line)
        return self._done(line.replace(EXAMPLE_ID, self._last_id))

    def _ask(self, line: str) -> tuple[str, int]:
        port = self._port()
        if line.startswith("credence"):
            line += f" --url http://127.0.0.1:{port}"
        if pending := VERSION.search(line):
            line = line.replace(pending[0], self._ready()["pending"]["version"])
        printed, code = self._done(line.replace(":8000", f":{port}").replace(EXAMPLE_ID, self._last_id))
        if decided := re.search(r'"id":\s*"([0-9a-f-]{36})"', printed):
            self._last_id = decided[1]
        return printed.replace(f":{port}", ":8000"), code

    def _is_signed(self) -> bool:
        """Whether the service's newest checkpoint covers the newest record."""
        with closing(sqlite3.connect(self.folder / "var" / "credence.db")) as journal:
            [[records]] = journal.execute("SELECT coalesce(max(seq), -1) + 1 FROM entries")
            [[signed]] = journal.execute("SELECT coalesce(max(size), 0) FROM checkpoints")
        return bool(records == signed)

    def _done(self, line: str) -> tuple[str, int]:
        if line.startswith(READS_SIGNED) and self._service is not None:
            eventually(self._is_signed)
        words = shlex.split(line)
        if words[0] == "credence" and not {"|", ">"} & set(words):
            result = credence(*words[1:])
            return LOG.sub("", result.output), result.exit_code
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env={**os.environ, "PATH": path})
        return done.stdout + (done.stderr if done.returncode else ""), done.returncode

    def _port(self) -> int:
        rules = self.folder / "rules"
        files = sorted([*rules.glob("*.yaml"), *rules.glob("lists/*")])
        content = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
        if self._service is None:
            settings = Settings(rules=rules, journal=self.folder / "var" / "credence.db", policies=self._mode)
            self._service = self._stack.enter_context(running(settings))
        elif content != self._rules_seen and self._mode is PolicyMode.WATCH:
            before = self._state()
            eventually(lambda: self._state() != before)
        self._rules_seen = content
        port = self._service.base_url.port
        assert port is not None
        return port

    def _ready(self) -> Any:
        assert self._service is not None
        return self._service.get("/readyz").json()

    def _state(self) -> object:
        ready = self._ready()
        return ready["policy_version"], ready["failed_change"], ready["pending"]


PROGRAMS = ("curl", "sqlite3", "sed", "diff", "python3")
"""What the documents' commands call, besides credence."""


@pytest.fixture
def shell(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestShell]:
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    assert not missing, f"install what the documents' commands call: sudo apt-get install {' '.join(missing)}"
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    name = request.param
    folder = tmp_path / "work"
    folder.mkdir()
    if name in IN_A_CHECKOUT:
        for part in ("docs", "scripts", "bench"):
            (folder / part).symlink_to(ROOT / part)
    if name not in FROM_AN_EMPTY_FOLDER:
        assert credence("init", "site").exit_code == 0
        for made in Path("site").iterdir():
            made.rename(folder / made.name)
    with ExitStack() as stack:
        yield TestShell(folder, stack)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "shell"),
    [pytest.param(name, name, id=name, marks=[pytest.mark.long] if name in LONG_PAGES else []) for name in PAGES],
    indirect=["shell"],
)
def test_the_commands_of_a_page_do_what_it_says(name: str, shell: TestShell) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    page = Page(text, shell)
    followed = page.followed()
    if os.environ.get("UPDATE_DOCS"):
        (ROOT / name).write_text(followed, encoding="utf-8")
    assert page.failures == []
    assert followed == text


def test_what_is_not_run_is_in_some_page() -> None:
    lines = [line for name in PAGES for line in _command_lines((ROOT / name).read_text(encoding="utf-8"))]
    assert len(lines) > 50
    assert [start for start in NOT_RUN if not any(line.startswith(start) for line in lines)] == []


def _command_lines(text: str) -> Iterator[str]:
    for language, content in blocks(text):
        if language == "sh":
            yield from shell_lines(content)
        elif language == "console":
            yield from re.findall(r"^\$ (.*)$", content, re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_no_command_stands_where_it_would_not_be_run(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    others = [content for language, content in blocks(text) if language not in ("console", "sh")]
    indented = re.findall(r"^    .*$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    assert [command[0] for part in (*others, *indented) if (command := COMMAND.search(part))] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_file_to_be_written_is_named_above_it(name: str) -> None:
    """What stands behind the language of a block isn't shown to readers."""
    parts = re.split(r"^```(.*)$", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = [
        (before, opening.split()[1]) for before, opening in zip(parts[::2], parts[1::2], strict=False) if " " in opening
    ]
    assert [file for before, file in named if f"`{file}`" not in before] == []


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_options_named_in_prose_are_there(name: str) -> None:
    known = cli_commands()
    text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`(?:\.venv/bin/)?credence ([a-z][^`]*)`", text):
        command, *words = span.split()
        if "|" in command or command == "here":
            continue
        if words and f"{command} {words[0]}" in known:
            command = f"{command} {words.pop(0)}"
        elif not words and any(name.startswith(f"{command} ") for name in known):
            continue  # a group of commands
        assert command in known, span
        options = {opt for each in known[command].params for opt in (*each.opts, *each.secondary_opts)} | {"--help"}
        assert {word for word in words if re.fullmatch(r"--[a-z-]+", word)} <= options, span


def test_the_sample_ledger_is_what_its_script_makes() -> None:
    assert LEDGER.read_text(encoding="utf-8") == ledger(), "run scripts/sample_ledger.py"


@pytest.mark.slow
def test_the_pictures_are_what_their_script_draws() -> None:
    if os.environ.get("UPDATE_DOCS"):
        draw()
    drawn = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.glob("*.svg")}
    assert drawn == pictures(), "run python -m scripts.pictures"


def test_lines_that_differ_are_renewed_and_gaps_stay() -> None:
    shown = ["head", "…", "a 1", "b …", "…"]
    assert says(shown, ["head", "x", "y", "a 1", "b 7", "z"])
    assert not says(shown, ["head", "x", "y", "a 2", "b 7", "z"])
    assert renewed(shown, ["top", "x", "y", "a 2", "b 7", "z"]) == ["top", "…", "a 2", "b …", "…"]
    assert renewed(["{", "a", "b", "…", "}"], ["{", "a", "new", "b", "c", "}"]) == ["{", "a", "new", "b", "…", "}"]
