"""Options that would change nothing beside the others: refused, since whoever gives one expects something of it.

`IDLE` lists what can be seen from the options alone. What depends on their values is refused where these are known:
`--master` by `batch`, `--delimiter` for files that have none by `input_files`. A test runs every command with each of
its options, and fails for one that changes nothing and is neither refused nor accounted for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleOption:
    """When an option changes nothing: `beside` is given or not needed, and nothing of `without` is given."""

    option: str
    """The option, such as `--total`; of an argument its metavar, such as `SUBJECT`."""

    commands: tuple[str, ...]
    """The commands that have it and read it so."""

    beside: str | None = None
    """The option that takes its work away; None: none has to."""

    without: tuple[str, ...] = ()
    """The options any of which gives it work."""

    because: str
    """Ends the sentence that begins `--total changes nothing …`, and says what to do."""


IDLE = (
    IdleOption(
        option="--total",
        commands=("decide-file",),
        without=("--summary-by",),
        because="without --summary-by, whose tables it adds a column to; give that too",
    ),
    IdleOption(
        option="--lang",
        commands=("decide", "explain", "portfolio", "backtest", "diff", "simulate", "nearest"),
        beside="--json",
        without=("--report",),
        because="beside --json, which is the same in every language; leave one of them out",
    ),
    IdleOption(
        option="--spreadsheet",
        commands=("portfolio", "backtest"),
        without=("--rejects", "--report"),
        because="without --rejects, the only CSV file that is written; give that too",
    ),
    IdleOption(
        option="--seconds",
        commands=("diff",),
        without=("--prove",),
        because="without --prove, whose questions it limits; give that too",
    ),
    IdleOption(
        option="--facts",
        commands=("diff",),
        beside="--json",
        because="beside --json, which has all facts; leave one of them out",
    ),
    *(
        IdleOption(
            option=option,
            commands=("simulate",),
            without=("--history",),
            because="without --history, the file that it is about; give that too",
        )
        for option in ("--map", "--encoding", "--delimiter")
    ),
    IdleOption(
        option="SUBJECT",
        commands=("schema",),
        beside="--write",
        because="beside --write, which writes the schemas of all subjects; leave one of them out",
    ),
)
"""Every option that the others can leave without work."""


def idle_option(command: str, given: Collection[str]) -> str | None:
    """The refusal of the first option that changes nothing; None where each has work.

    `given` are the options that somebody typed, by every name they have: `--report` also where `--out` was typed.

        idle_option("decide-file", {"--total"})
        → "--total changes nothing without --summary-by, whose tables it adds a column to; give that too"
    """
    for idle in _of(command):
        has_work = any(option in given for option in idle.without)
        taken_away = idle.beside is None or idle.beside in given
        if idle.option in given and taken_away and not has_work:
            return f"{idle.option} changes nothing {idle.because}"
    return None


def _of(command: str) -> Sequence[IdleOption]:
    return [idle for idle in IDLE if command in idle.commands]
