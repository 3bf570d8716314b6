"""Which records of a journal a command is about: the filters of a search as options, and the journal opened to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import refuse
from api.cli.journal_settings import journal_settings
from api.cli.options import FOUND

if TYPE_CHECKING:
    from ledger.journal.journal import Journal
    from ledger.search.record_filter import RecordFilter

_TIME = "a day, such as 2026-03-01, which is UTC's, or a time with its zone, such as 2026-03-01T08:30:00Z."


_NAMES = ("account", "subject", "case", "outcome", "kind", "rule", "actor", "policy", "from", "until", "request_id")


RecordArgument = Annotated[
    str, typer.Argument(metavar="RECORD", help="The decision's id, or a record's number (`Journal-Entry`).")
]


def _option(name: str, metavar: str, help: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, metavar=metavar, help=help, rich_help_panel=FOUND)
    return option


SinceOption = Annotated[str | None, _option("--from", "TIME", f"Recorded at this time or later: {_TIME}")]
UntilOption = Annotated[
    str | None, _option("--until", "TIME", "Recorded at this time or earlier; of a day, by its end.")
]
OutcomeOption = Annotated[
    str | None, _option("--outcome", "WORD", "What was decided or done, such as hold, reject or add.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOptions:
    """All that is given must hold. None: whatever it is."""

    account: Annotated[str | None, _option("--account", "NUMBER", "The customer's number.")] = None
    """The customer."""

    subject: Annotated[
        str | None,
        _option("--subject", "NUMBER", "The number of the order, invoice or request; the id of a person or key."),
    ] = None
    """What it is about."""

    case: Annotated[str | None, _option("--case", "KIND", "Decisions on this kind of case, such as order.")] = None
    """The kind of case."""

    outcome: OutcomeOption = None
    """What was decided or done."""

    kind: Annotated[
        str | None,
        _option(
            "--kind",
            "KIND",
            "Of record: decision, policy, person, key, refusal, export, erasure, … (docs/auditors.md lists them).",
        ),
    ] = None
    """The kind of record."""

    rule: Annotated[str | None, _option("--rule", "ID", "A rule among the reasons, such as orders.over-limit.")] = None
    """A rule among the reasons."""

    actor: Annotated[
        str | None,
        _option("--actor", "WHO", "Who asked: a person's login or id, a program's name, a key's id."),
    ] = None
    """Who asked."""

    policy: Annotated[
        str | None, _option("--policy", "VERSION", "The policy set's version, or at least its first 8 digits.")
    ] = None
    """The policies that decided or took effect."""

    since: SinceOption = None
    """Recorded at this time or later."""

    until: UntilOption = None
    """Recorded at this time or earlier."""

    request_id: Annotated[str | None, _option("--request-id", "ID", "The request's X-Request-Id.")] = None
    """Of the request."""

    def words(self) -> dict[str, str]:
        """Those that were given, by the names that `filter_words` knows."""
        words = {name: getattr(self, {"from": "since"}.get(name, name)) for name in _NAMES}
        return {name: word for name, word in words.items() if word is not None}

    def filter(self, *faults: str) -> RecordFilter:
        """Ends the command where a word can't be used, with all that can't, and with `faults`: what is wrong with its
        other options."""
        from ledger.search.filter_words import FilterRefused, read_filter

        lines = list(faults)
        try:
            read = read_filter(self.words())
        except FilterRefused as refused:
            hints = [(each, f"; {each.hint}" if each.hint else "") for each in refused.faults]
            lines += [f"--{each.name.replace('_', '-')} {each.message}{hint}" for each, hint in hints]
        if lines:
            refuse("\n".join(lines))
        return read


@contextmanager
def journal_to_read(place: str | None) -> Iterator[Journal]:
    """The journal that --journal names, or the settings. Ends the command where it can't be read, or where a record
    that it needs was erased."""
    from ledger.journal.journal import Journal
    from ledger.journal.opened_records import BodyGone
    from ledger.store.trouble import FileTrouble, JournalUnavailable

    settings = journal_settings(place)
    journal = Journal(settings.journal, places=settings.key_places)
    try:
        yield journal
    except (JournalUnavailable, FileTrouble) as error:
        refuse(f"`{settings.journal}`: {error}")
    except BodyGone as gone:
        refuse(str(gone))
    finally:
        journal.close()
