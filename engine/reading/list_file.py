"""The lists of rules/lists/, one a file → parameters that every policy reads as `lists.NAME`, or every mistake in them.

A list is named by its file. In YAML it holds what a parameter that is a list does:

    title: {en: Accepted countries, zh: 可接受国家}
    values: {2026-01-01: [AT, DE], 2026-07-01: [AT, DE, SG]}
    ...

In CSV it has a row for each entry, with the first and the last day on which it is one where it isn't always. Entries
are words in the column `entry` or days in the column `date`; `note` is for readers of the file. The last line is YAML's
end mark here too, since a list that was cut off reads like a shorter one:

    entry,from,until,note
    AT,,,
    SG,2026-07-01,,
    ...
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePath

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.reading import document
from engine.reading.document import END_MARK, Scalar
from engine.reading.fields import FieldReader, TextLanguages
from engine.reading.list_parameter import ENTRIES_MAX
from engine.reading.policy import LISTS, DatedConstant, ParameterDefinition, TypeName
from engine.reading.policy_file import read_list_parameter
from engine.vocabulary.plain_text import text_fault
from engine.vocabulary.vocabulary import Kind

LIST_SUFFIXES = (".csv", ".yaml", ".yml")
"""How the names of lists end."""

_CSV = LIST_SUFFIXES[0]
_TYPES = {"entry": Kind.TEXT, "date": Kind.DATE}
"""What the entries are, by the column that holds them."""

_COLUMNS = (*_TYPES, "from", "until", "note")
_DELIMITERS = re.compile(r"[,;\t]")
_BREAK = re.compile(r"\r\n?|\n")
_DAY = timedelta(days=1)


def is_list_file(name: str) -> bool:
    """Whether a file of a policy set is a list: `rules/lists/accepted_countries.csv`."""
    return PurePath(name).parent.name == LISTS


def name_in_set(name: str) -> str:
    """A file's name within its policy set, the same wherever the folder lies: `orders.yaml` of `rules/orders.yaml`, and
    of a list `lists/accepted_countries.csv`."""
    base = PurePath(name).name
    return f"{LISTS}/{base}" if is_list_file(name) else base


def list_named(name: str) -> str:
    """The full name of the list that a file defines, if its name is one: `lists.accepted_countries`."""
    return f"{LISTS}.{PurePath(name).stem}"


def read_list(
    content: bytes, name: str, *, end_mark: bool, languages: TextLanguages | None = None
) -> tuple[ParameterDefinition | None, tuple[Diagnostic, ...]]:
    """The list of one file, and every mistake in it, sorted by place. A list with mistakes is None, never one with
    fewer entries. `end_mark`: whether the file must end with one; `languages`: of its texts. Never
    raises."""
    reader = FieldReader(languages=languages)
    place = Place(name, 1, 1)
    stem = PurePath(name).stem
    if PurePath(name).suffix not in LIST_SUFFIXES:
        message = f"`{clipped(PurePath(name).name)}` is no file of a list"
        return None, (Diagnostic(place, ErrorCode.P007, message, f"let its name end in {listed(LIST_SUFFIXES)}"),)
    own_name = reader.name(Scalar(place=place, value=stem, text=stem, quoted=False), "the name of a list")
    if name.endswith(_CSV):
        definition, mistakes = _of_csv(content, name, end_mark=end_mark)
    else:
        definition, mistakes = _of_yaml(content, name, languages, end_mark=end_mark)
    mistakes = in_order([*reader.diagnostics, *mistakes])
    return (None if mistakes or own_name is None else definition), mistakes


Read = tuple[ParameterDefinition | None, tuple[Diagnostic, ...]]


def _of_yaml(content: bytes, name: str, languages: TextLanguages | None, *, end_mark: bool) -> Read:
    read, mistakes = document.read(content, name, end_mark=end_mark)
    if read is None:
        return None, mistakes
    definition, others = read_list_parameter(read, PurePath(name).stem, languages)
    return definition, (*mistakes, *others)


# --- CSV -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A physical line of the file, taken apart. No cell of a list goes on in the next line."""

    place: Place
    cells: tuple[str, ...]
    """Without blanks around them."""


@dataclass(frozen=True, slots=True)
class _Entry:
    place: Place
    word: str
    since: date | None
    """The first day on which it is on the list; None: since always."""
    until: date | None
    """The last such day; None: for ever."""

    def is_on(self, day: date | None) -> bool:
        """Whether it is on the list on this day; None: before all days that the file names."""
        begun = self.since is None or (day is not None and self.since <= day)
        return begun and (day is None or self.until is None or day <= self.until)

    def overlaps(self, other: _Entry) -> bool:
        """Whether there is a day on which both are on the list."""
        first, second = sorted((self, other), key=lambda each: each.since or date.min)
        return first.until is None or second.since is None or second.since <= first.until


def _of_csv(content: bytes, name: str, *, end_mark: bool) -> Read:
    text, mistakes = document.decoded(content, name)
    if text is None or mistakes:
        return None, mistakes
    reader = FieldReader()
    lines = _content(reader, text, name, end_mark=end_mark)
    if not lines or reader.diagnostics:
        return None, in_order(reader.diagnostics)
    heading, *rows = lines
    columns = _columns(reader, heading)
    if columns is None:
        return None, in_order(reader.diagnostics)
    kind = next(_TYPES[column] for column in columns if column in _TYPES)
    entries = [entry for row in rows if (entry := _entry(reader, row, columns, kind)) is not None]
    _refuse_repeated(reader, entries)
    if len(rows) > ENTRIES_MAX:
        message = f"the list has {len(rows):,} rows, more than {ENTRIES_MAX:,}"
        hint = "make it a fact: whoever asks says whether one is listed"
        reader.mistake(rows[ENTRIES_MAX].place, ErrorCode.P024, message, hint)
    definition = ParameterDefinition(
        name=PurePath(name).stem,
        place=heading.place,
        type=TypeName(word=kind, members=(), place=heading.place),
        is_list=True,
        title=None,
        note=None,
        values=tuple(_by_date(entries, heading.place)),
    )
    return definition, in_order(reader.diagnostics)


def _content(reader: FieldReader, text: str, name: str, *, end_mark: bool) -> list[_Line]:
    """The lines before the end mark, without those that are blank. The first of them is the heading."""
    written = _BREAK.split(text)
    first = next((line for line in written if line.strip()), "")
    sign = _DELIMITERS.search(first)
    lines: list[_Line] = []
    ended_at: Place | None = None
    for number, line in enumerate(written, 1):
        if not line.strip():
            continue
        place = Place(name, number, 1)
        cells = _cells(reader, line, place, sign[0] if sign else ",")
        if ended_at is not None:
            hint = "write it above, or delete it"
            reader.mistake(place, ErrorCode.Y006, f"this stands below the end mark `{END_MARK}`", hint)
            break
        if cells[0] == END_MARK and not any(cells[1:]):
            ended_at = place
        else:
            lines.append(_Line(place, cells))
    if not lines:
        hint = "write a heading `entry`, one entry a line below it, and `...` on the last line"
        reader.mistake(Place(name, 1, 1), ErrorCode.Y004, "the file is empty", hint)
    elif end_mark and ended_at is None:
        last = lines[-1].place
        message = f"the file ends without its end mark `{END_MARK}`; it may be cut off"
        hint = f"see that nothing is missing, then write `{END_MARK}` alone on the last line"
        reader.mistake(last, ErrorCode.Y008, message, hint)
    return lines


def _cells(reader: FieldReader, line: str, place: Place, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True)))
    except csv.Error:
        hint = "put quotes around whole cells only, and close them on the same line"
        reader.mistake(place, ErrorCode.P003, "the quotes of this line are wrong", hint)
        return ("",)


def _columns(reader: FieldReader, heading: _Line) -> tuple[str, ...] | None:
    """The heading, where all of its columns are known and one of them holds the entries."""
    before = len(reader.diagnostics)
    for place, column in enumerate(heading.cells):
        if column not in _COLUMNS:
            hint = did_you_mean(column, _COLUMNS) or f"its columns are {listed(_COLUMNS)}"
            reader.mistake(heading.place, ErrorCode.P001, f"`{clipped(column)}` is no column of a list", hint)
        elif column in heading.cells[:place]:
            message = f"the column `{column}` stands there twice"
            reader.mistake(heading.place, ErrorCode.P006, message, "delete one of the two")
    if sum(column in heading.cells for column in _TYPES) != 1:
        message = "the heading has one column of entries, `entry` for words or `date` for days"
        reader.mistake(heading.place, ErrorCode.P002, message, "write such a heading on the first line")
    return heading.cells if len(reader.diagnostics) == before else None


def _entry(reader: FieldReader, row: _Line, columns: tuple[str, ...], kind: Kind) -> _Entry | None:
    if len(row.cells) != len(columns):
        count = f"{len(row.cells)} cell{'' if len(row.cells) == 1 else 's'}"
        message = f"the line has {count}, the heading has {len(columns)}"
        reader.mistake(row.place, ErrorCode.P003, message, "write a cell for each column, or quotes around a comma")
        return None
    before = len(reader.diagnostics)
    cells = dict(zip(columns, row.cells, strict=True))
    word = cells["date" if kind is Kind.DATE else "entry"]
    if not word:
        reader.mistake(row.place, ErrorCode.P016, "the line has no entry", "write one, or delete the line")
    elif kind is Kind.DATE:
        reader.calendar_day(_scalar(row, word))
    elif wrong := text_fault(word):
        reader.mistake(row.place, ErrorCode.P015, f"the entry {wrong[0]}", wrong[1])
    since = reader.calendar_day(_scalar(row, cells["from"])) if cells.get("from") else None
    until = reader.calendar_day(_scalar(row, cells["until"])) if cells.get("until") else None
    if since and until and until < since:
        message = f"the entry ends on {until}, before it begins on {since}"
        reader.mistake(row.place, ErrorCode.P013, message, "write the later day under `until`")
    return _Entry(row.place, word, since, until) if len(reader.diagnostics) == before else None


def _scalar(row: _Line, cell: str) -> Scalar:
    return Scalar(place=row.place, value=cell, text=cell, quoted=False)


def _refuse_repeated(reader: FieldReader, entries: Sequence[_Entry]) -> None:
    """An entry may come twice for two periods: `RU` until 2019, and from 2024 on."""
    by_word: dict[str, list[_Entry]] = {}
    for entry in entries:
        earlier = by_word.setdefault(entry.word, [])
        if other := next((each for each in earlier if each.overlaps(entry)), None):
            message = f"`{clipped(entry.word)}` stands in line {other.place.line} already"
            hint = "delete one of the two, or let the first end before the second begins"
            reader.mistake(entry.place, ErrorCode.P024, message, hint)
        earlier.append(entry)


def _by_date(entries: Sequence[_Entry], place: Place) -> Iterator[DatedConstant]:
    """The list as it stands from each date on. Where every entry has a first day, nothing is known before the earliest;
    one without entries is empty always.

    `AT` always, `SG` from 2026-07-01: [AT] always, [AT, SG] from 2026-07-01 on."""
    days = {entry.since for entry in entries} | {entry.until + _DAY for entry in entries if entry.until}
    always = [None] if None in days or not entries else []
    starts: list[date | None] = [*always, *sorted(day for day in days if day is not None)]
    before: tuple[str, ...] | None = None
    for start in starts:
        words = tuple(entry.word for entry in entries if entry.is_on(start))
        if words != before:
            yield DatedConstant(start, words, place)
        before = words
