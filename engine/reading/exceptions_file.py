"""The nodes of rules/exceptions.yaml → exceptions, or every structural mistake in them.

An exception says which rules don't count for whom, until when, who asked for it, who approved it, and why:

    long-terms-kn:
      waives: [orders.terms-longer]
      when: account.id = "C-1042"
      from: 2026-07-01
      until: 2026-12-31
      by: u.hoffmann
      approved_by: m.lehmann
      reason: {en: Framework agreement of June, zh: 六月框架协议}

Whether the rules exist and may be waived, and what `when` means, `engine.compiling.exceptions` says. An exception with
a mistake is left out, never read in part: without one of its conditions it would waive for others than were approved.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import TOO_LARGE, Diagnostic, Place, in_order
from engine.diagnostics.wording import clipped
from engine.reading.document import Document, Mapping, Node, Scalar
from engine.reading.fields import FieldReader, TextLanguages
from engine.reading.policy import EXCEPTIONS, Expression
from engine.reading.rule_definitions import read_when
from engine.vocabulary.text import Text

SITE_EXCEPTIONS = f"{EXCEPTIONS}.yaml"
"""The file of a site's exceptions, in the folder of its policies. There need not be one."""

EXCEPTION_KEYS = ("waives", "when", "from", "until", "by", "approved_by", "reason")
"""All of them must be written."""

EXCEPTION_DAYS_MAX = 400
"""From `from` to `until`: a year and a month's grace. What holds for longer is a rule."""

EXCEPTIONS_MAX = 500
"""In one file; each is matched for every case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionDefinition:
    """One exception as its author wrote it."""

    name: str
    """The author's key."""
    place: Place
    waives: tuple[Scalar, ...]
    """Ids of rules, such as `orders.over-limit`, each once."""
    when: tuple[Expression, ...]
    """Conditions that must all hold; at least one."""
    since: date
    """The first day on which it holds."""
    until: date
    """The last day on which it holds."""
    by: str
    """Who asks for it."""
    approved_by: str
    """Who approved it: another person."""
    reason: Text

    @property
    def id(self) -> str:
        """`exceptions.long-terms-kn`, as decisions name it."""
        return f"{EXCEPTIONS}.{self.name}"


def read_exceptions(
    document: Document, languages: TextLanguages | None = None
) -> tuple[tuple[ExceptionDefinition, ...], tuple[Diagnostic, ...]]:
    """The exceptions of one file that have no mistakes, in its order, and all mistakes, sorted by place. Never
    raises. `languages`: of its texts."""
    reader = FieldReader(languages=languages)
    exceptions = []
    for key, content in document.root.entries:
        before = len(reader.diagnostics)
        name = reader.id(key, "an exception's id")
        exception = _exception(reader, name or clipped(key.text), key.place, content)
        if name and exception and len(reader.diagnostics) == before:
            exceptions.append(exception)
    if len(document.root.entries) > EXCEPTIONS_MAX:
        place = document.root.entries[EXCEPTIONS_MAX][0].place
        message = f"there are {len(document.root.entries):,} exceptions; at most {EXCEPTIONS_MAX} are checked"
        reader.mistake(place, TOO_LARGE, message, "delete those that have ended; what many need is a rule")
    return tuple(exceptions), in_order(reader.diagnostics)


def _exception(reader: FieldReader, name: str, place: Place, node: Node) -> ExceptionDefinition | None:
    what = f"the exception `{name}`"
    fields = reader.fields(node, what, EXCEPTION_KEYS, EXCEPTION_KEYS, place) or {}
    waives = _waives(reader, fields["waives"], what) if "waives" in fields else ()
    when = read_when(reader, fields["when"], what) if "when" in fields else ()
    since = reader.calendar_day(fields["from"]) if "from" in fields else None
    until = reader.calendar_day(fields["until"]) if "until" in fields else None
    by = reader.word(fields["by"], f"`by` of {what}") if "by" in fields else None
    approved_by = reader.word(fields["approved_by"], f"`approved_by` of {what}") if "approved_by" in fields else None
    reason = _reason(reader, fields["reason"], what) if "reason" in fields else None
    if since and until:
        _check_dates(reader, since, until, fields["until"].place)
    if by and approved_by and _person(by) == _person(approved_by):
        message = f"{what} is asked for and approved by one person, `{clipped(approved_by)}`"
        reader.mistake(fields["approved_by"].place, ErrorCode.E001, message, "let another person approve it")
    if not (waives and when and since and until and by and approved_by and reason):
        return None
    return ExceptionDefinition(
        name=name,
        place=place,
        waives=waives,
        when=when,
        since=since,
        until=until,
        by=by,
        approved_by=approved_by,
        reason=reason,
    )


def _waives(reader: FieldReader, node: Node, what: str) -> tuple[Scalar, ...]:
    first: dict[str, Scalar] = {}
    for item in reader.items(node, f"`waives` of {what}"):
        if reader.word(item, "a rule's id") is None or not isinstance(item, Scalar):
            continue
        if item.text in first:
            message = f"the rule `{clipped(item.text)}` is waived twice"
            reader.mistake(item.place, ErrorCode.P006, message, "delete one of the two")
        first.setdefault(item.text, item)
    return tuple(first.values())


def _reason(reader: FieldReader, node: Node, what: str) -> Text | None:
    """In the site's languages, or one for all readers: an exception is a note between people who know each other."""
    if isinstance(node, Mapping):
        return reader.text(node, f"the reason of {what}")
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.text.strip():
        return Text.of((language, node.text) for language in reader.text_languages.listed)
    reader.wrong_kind(node, f"the reason of {what}", "a text", f"write one for all readers, or `{reader.text_form()}`")
    return None


def _check_dates(reader: FieldReader, since: date, until: date, place: Place) -> None:
    if until < since:
        message = f"the exception ends on {until}, before it begins on {since}"
        reader.mistake(place, ErrorCode.E002, message, "write the later day after `until:`")
    elif (until - since).days > EXCEPTION_DAYS_MAX:
        message = f"the exception lasts {(until - since).days:,} days, more than {EXCEPTION_DAYS_MAX}"
        hint = "let it end sooner, and have it approved anew then; what holds for longer is a rule"
        reader.mistake(place, ErrorCode.E002, message, hint)


def _person(name: str) -> str:
    """The same for names that people would take for one: case, blanks and encodings of letters don't count."""
    return " ".join(unicodedata.normalize("NFKC", name.casefold()).casefold().split())
