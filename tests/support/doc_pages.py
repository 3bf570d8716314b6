"""A document of this repository as something to be done: its files written, its commands run, its answers compared.

Fenced blocks are told apart by their language:

    ```console        `$ command` lines, a `\\` joins two; what each prints stands under it and is compared
    ```sh             commands that must succeed; an `http` or `json` block right behind has what the last one answered
    ```yaml NAME      (or json, csv …) is written to the file NAME; one of the sample is shown as it is
    ```diff           changes the file that its `--- NAME` line names
    <!-- run: … -->   a command that readers needn't see

Everything else is for reading. In what is compared, `…` in a line stands for anything, and a line that is nothing else
for any number of lines; ids, versions and times, which differ from run to run, are written as `example` has them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Protocol

BLOCK = re.compile(r"^```(\w*)(?: (\S+))?\n(.*?)^```$|^<!-- run: (.*?) -->$", re.MULTILINE | re.DOTALL)
WIDTH = 116
EXAMPLE_ID = "01a20069-767e-7289-841e-0c1e0d8f48ea"
GAP = "…"
SAMPLE = "sample/"
"""The folder of `credence init` whose files pages show and never change."""

_EXAMPLES = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", EXAMPLE_ID),
    (r"\b[0-9a-f]{64}\b", GAP),
    (r"(?<=policies )[0-9a-f]{12}\b|(?<=Policies: )[0-9a-f]{12}\b|(?<=Policies: rules \()[0-9a-f]{12}\b", GAP),
    (r"(?<=\+)[0-9a-f]{12}\b", GAP),
    (r"(?<=x-request-id: )[0-9a-f]{16}\b", "e9dba5d25ac5e5f1"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "2026-07-15T08:30:00.000000Z"),
    (r"(?<=date: )\w{3}, .* GMT", "Wed, 15 Jul 2026 08:30:00 GMT"),
    (r"(?<= in )[0-9.]+(?= s$)|[0-9,]+(?= rows/s)|[0-9.]+(?= s[,)])", GAP),
)


@dataclass(frozen=True, slots=True)
class Command:
    """One line to be run, and what the page says it prints."""

    line: str
    shown: str


class Shell(Protocol):
    """What carries out command lines."""

    folder: Path

    def run(self, line: str) -> tuple[str, int] | None:
        """What the line prints and its exit code; None where it can't be run in a test."""


@dataclass(slots=True)
class Page:
    """Follows one document, in the shell's folder."""

    text: str
    shell: Shell
    failures: list[str] = field(default_factory=list)
    _answer: list[str] = field(default_factory=list)
    """What the last `sh` block answered and no block has shown yet: head and body, or the body alone."""
    _end: int = 0

    def followed(self) -> str:
        """The document with what commands print today in place of what differs from it."""
        return BLOCK.sub(self._block, self.text)

    def _block(self, match: re.Match[str]) -> str:
        language, name, content, hidden = match.groups()
        close = not self.text[self._end : match.start()].strip()
        self._end = match.end()
        if hidden is not None:
            self._succeed(hidden)
            return match[0]
        if language in ("http", "json", "text") and name is None and close and self._answer:
            return f"```{language}\n{_renewed(content, self._answer.pop(0))}```"
        self._answer = []
        if name is not None:
            file = self.shell.folder / name
            if name.startswith(SAMPLE) and file.exists():
                return f"```{language} {name}\n{file.read_text(encoding='utf-8')}```"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        elif language == "console":
            return f"```console\n{''.join(map(self._console, commands(content)))}```"
        elif language == "sh":
            for line in shell_lines(content):
                printed = self._succeed(line)
                self._answer = answer_parts(printed) if printed else []
        elif language == "diff":
            changed(self.shell.folder, content)
        return match[0]

    def _succeed(self, line: str) -> str:
        done = self.shell.run(line)
        if done is None:
            return ""
        printed, code = done
        if code != 0:
            self.failures.append(f"`{line}` ended with {code}: {printed}")
        return printed

    def _console(self, command: Command) -> str:
        done = self.shell.run(command.line.replace("\\\n", " "))
        return f"$ {command.line}\n{command.shown if done is None else _renewed(command.shown, done[0])}"


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Language and content of every fenced block."""
    for match in BLOCK.finditer(text):
        if match[4] is None:
            yield match[1], match[3]


def commands(content: str) -> Iterator[Command]:
    """The commands of a `console` block, with what stands below each."""
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        line = re.match(r"(?:[^\n]*\\\n)*[^\n]*\n", part)
        assert line is not None
        yield Command(line[0].rstrip("\n"), part[line.end() :])


def shell_lines(content: str) -> list[str]:
    """The commands of an `sh` block: lines joined where a backslash or an open quote says so, without comments."""
    lines: list[str] = []
    open_line = ""
    for line in content.splitlines():
        open_line = f"{open_line}\n{line}" if open_line else line
        if open_line.endswith("\\") or open_line.count("'") % 2:
            continue
        command = re.sub(r"\s+# .*$", "", open_line.replace("\\\n", " ")).strip()
        if command and not command.startswith("#"):
            lines.append(command)
        open_line = ""
    assert not open_line, f"a command that doesn't end: {open_line}"
    return lines


def answer_parts(printed: str) -> list[str]:
    """Head and body of an answer that `curl -i` printed, else the one text; JSON is laid out to be read."""
    head, blank, body = printed.replace("\r\n", "\n").partition("\n\n")
    parts = [head + "\n", body] if blank and head.startswith("HTTP/") else [printed]
    return [laid_out(part) for part in parts if part]


def laid_out(text: str) -> str:
    """JSON with what fits a line on one line; other text as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return _laid_out(value, 0) + "\n"


def _laid_out(value: object, indent: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or indent + len(flat) <= WIDTH:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_laid_out(item, indent + 2)}" for key, item in value.items()]
    else:
        lines = [f"{inner}{_laid_out(item, indent + 2)}" for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, ",\n".join(lines), " " * indent + closing])


def changed(folder: Path, diff: str) -> None:
    """Carries out a diff of one file: unchanged and removed lines stand there, in this order."""
    heading, *lines = diff.splitlines()
    file = folder / heading.removeprefix("--- ")
    before = "".join(line[1:] + "\n" for line in lines if line[:1] in " -")
    after = "".join(line[1:] + "\n" for line in lines if line[:1] in " +")
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name} doesn't hold this once:\n{before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


def example(text: str) -> str:
    """The text with example ids, versions and times in place of those of this run."""
    for pattern, shown in _EXAMPLES:
        text = re.sub(pattern, shown, text, flags=re.MULTILINE)
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def _renewed(shown: str, printed: str) -> str:
    lines = renewed(shown.splitlines(), example(printed).splitlines())
    return "".join(f"{line}\n" for line in lines)


def renewed(shown: Sequence[str], printed: Sequence[str]) -> Sequence[str]:
    """What to show: as it was where that is still true, else with the lines printed today, gaps where they were.

    >>> renewed(["a 1", "…", "c …"], ["a 2", "b", "c 3"])
    ['a 2', '…', 'c …']
    """
    if says(shown, printed):
        return shown
    gaps = [line for line in shown if line.strip() == GAP]
    chunks = _chunks(shown)
    result: list[str] = []
    place = 0
    for number, chunk in enumerate(chunks):
        if len(chunks) == 1:
            chosen = list(printed)
        else:
            start = _start(chunk, printed, place, first=number == 0, last=number == len(chunks) - 1)
            place = _end(chunk, printed, start)
            chosen = list(printed[start:place])
        kept = [next((old for old in chunk if GAP in old and says([old], [line])), line) for line in chosen]
        result += [*gaps[max(number - 1, 0) : number], *kept]
    return result


def _end(chunk: Sequence[str], printed: Sequence[str], start: int) -> int:
    """Behind the line that ends `chunk`, where it was printed near; else after as many lines: one more or less between
    is no reason to cut off the last."""
    expected = start + len(chunk)
    near = [
        index + 1
        for index in range(start, min(expected + len(chunk), len(printed)))
        if chunk and printed[index] == chunk[-1]
    ]
    return min(near, key=lambda end: abs(end - expected), default=expected)


def says(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether the lines printed are those shown, gaps filled with anything."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == GAP else ".*?".join(map(re.escape, line.split(GAP))) + r"\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def _chunks(shown: Sequence[str]) -> list[list[str]]:
    chunks: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == GAP:
            chunks.append([])
        else:
            chunks[-1].append(line)
    return chunks


def _start(chunk: Sequence[str], printed: Sequence[str], place: int, *, first: bool, last: bool) -> int:
    """Where the lines most like `chunk` begin, at the beginning or end where no gap stands there."""
    latest = max(len(printed) - len(chunk), place)
    if first:
        return 0
    if last:
        return latest if chunk else len(printed)

    def likeness(start: int) -> float:
        pairs = zip(chunk, printed[start : start + len(chunk)], strict=False)
        return sum(SequenceMatcher(None, old, new).ratio() for old, new in pairs)

    return max(range(place, latest + 1), key=likeness)
