"""`credence audit releases|limits|exceptions`: what people did beyond the policies, from a journal's ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from api.cli.audit import ReportOptions, write_report
from api.cli.options import JournalOption
from api.cli.record_options import journal_to_read

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ledger.audit.report_lines import ReportLine
    from ledger.store.key_database import SubjectKeys


def releases(*, report: ReportOptions, journal: JournalOption = None) -> None:
    """Report who let which held order go, with reason and amount, by person.

    A line for each release: those in force, those that wait for a second person, those that the policies refused, and
    those that have ended. Its record is the decision that judged it.

    Example:  credence audit releases --save releases.csv

    Exit code: 0 reported, 2 the journal can't be read, or something can't be written.
    """
    from ledger.audit import credit_acts

    _report(credit_acts.releases, credit_acts.RELEASES, report, journal)


def limits(*, report: ReportOptions, journal: JournalOption = None) -> None:
    """Report which limits were asked for, granted, refused or ended, and who granted them.

    A line for each limit of each account, with its second person where there was one. Its record is the decision that
    allowed it; a limit that was taken over from another system has none, and says so.

    Example:  credence audit limits --save limits.csv

    Exit code: 0 reported, 2 the journal can't be read, or something can't be written.
    """
    from ledger.audit import credit_acts

    _report(credit_acts.limit_changes, credit_acts.LIMITS, report, journal)


def exceptions(*, report: ReportOptions, journal: JournalOption = None) -> None:
    """Report orders that were let go although a rule fired, since an exception waived it.

    A line for each rule that was waived: order, amount, rule, exception, who asked for it and who approved it. Its
    record is the order's decision.

    Example:  credence audit exceptions --save exceptions.csv

    Exit code: 0 reported, 2 the journal can't be read, or something can't be written.
    """
    from ledger.audit import credit_acts

    _report(credit_acts.exceptions, credit_acts.EXCEPTIONS, report, journal)


def _report(
    question: Callable[[Connection, SubjectKeys], list[ReportLine]],
    columns: Sequence[str],
    report: ReportOptions,
    journal: str | None,
) -> None:
    with journal_to_read(journal) as kept:
        write_report(kept, kept.ask(question), columns, report)
