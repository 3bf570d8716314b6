"""How the dates of a column are written: `M/d/yyyy`, `dd.MM.yyyy`, `dd-MMM-yy`.

Leaf of the maps. A format is read one way only: what could name two days is no format, or a mistake of the map. Two
digits of a year need the map's word for the century, and several formats stand side by side only where no text names
one day in one of them and another day in another.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from engine.vocabulary.days import EPOCH
from engine.vocabulary.vocabulary import DATE
from files.maps.month_names import ENGLISH, MONTH_NAMES, spellings

ISO = "yyyy-MM-dd"
"""How columns write dates where the map says nothing else."""

MONTHS = tuple(names[0] for names in MONTH_NAMES[ENGLISH])
"""English names."""

_YEAR_OF_CENTURY = 100
_MONTHS_OF_YEAR = range(1, 13)


def _any_case(words: Iterable[str]) -> str:
    """A pattern of these words in any case. Spelled out letter by letter, since databases and Python fold letters of
    other alphabets differently."""
    return "|".join("".join(f"[{letter.upper()}{letter.lower()}]" for letter in word) for word in words)


_TOKENS = {
    "yyyy": "(?P<year>[0-9]{4})",
    "yy": "(?P<year>[0-9]{2})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "dd": "(?P<day>[0-9]{2})",
    "d": "(?P<day>[0-9]{1,2})",
}
_TOKEN = re.compile(r"y+|M+|d+|[^yMd]")
_NAMED = ("MMM", "MMMM")


@cache
def _words(language: str, *, short: bool) -> Mapping[str, int]:
    months = {month: spellings(language, month, short=short) for month in _MONTHS_OF_YEAR}
    return {name.lower(): month for month, names in months.items() for name in names}


def _named_month(token: str, language: str) -> str:
    """The longest first, since `Jun` begins `Juni`. Short ones may end with a point, but for English."""
    short = token == "MMM"
    names = sorted(_words(language, short=short), key=len, reverse=True)
    point = r"\.?" if short and language != ENGLISH else ""
    return f"(?P<month>(?:{_any_case(names)}){point})"


_AMBIGUOUS = re.compile(r"(?<!M)M(?=[yd])|(?<!d)d(?=[yM])")
"""One or two digits with digits right behind them: `1112013` would be two days."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One way in which a column writes dates."""

    spelling: str
    """As the map's author wrote it, such as `M/d/yyyy` or `dd-MMM-yy`: two letters stand for exactly two digits, one
    letter for one digit or two, `MMM` and `MMMM` for a month as a word (`Jan`, `January`) in any case, every other
    character for itself."""

    pattern: re.Pattern[str]
    """Matches a whole cell; its groups are `year`, `month` and `day`."""

    first_year: int | None = None
    """The year from which two digits count: with 1950, `50` is 1950 and `49` is 2049. None with four digits."""

    language: str = ENGLISH
    """Whose words for months count, one of `month_names.LANGUAGES`."""

    @staticmethod
    def of(spelling: str, first_year: int | None = None, language: str = ENGLISH) -> DateFormat | None:
        """The format with this spelling; None unless it names day, month and year once each, and no other letter of the
        alphabet, and has a `first_year` where it writes years with two digits."""
        pieces = _TOKEN.findall(spelling)
        words = [piece for piece in pieces if piece in _TOKENS or piece in _NAMED]
        letters = [piece for piece in pieces if piece.isascii() and piece.isalpha()]
        if sorted(word[0] for word in words) != ["M", "d", "y"] or words != letters or _AMBIGUOUS.search(spelling):
            return None
        short = "yy" in words
        if short and first_year is None:
            return None
        regex = "".join(
            _named_month(piece, language) if piece in _NAMED else _TOKENS.get(piece) or re.escape(piece)
            for piece in pieces
        )
        return DateFormat(spelling, re.compile(regex, re.ASCII), first_year if short else None, language)

    @property
    def names_months(self) -> bool:
        """Whether months are words."""
        return "MMM" in self.spelling

    @property
    def month_words(self) -> Mapping[str, int]:
        """The number of each month's words, in small letters and without a point."""
        return _words(self.language, short="MMMM" not in self.spelling)

    def read(self, text: str) -> date | None:
        """The day that a cell names; None where the cell has another form or names a day that doesn't exist."""
        match = self.pattern.fullmatch(text)
        if not match:
            return None
        written = match["month"]
        number = self.month_words[written.lower().removesuffix(".")] if self.names_months else int(written)
        try:
            return date(self._year(int(match["year"])), number, int(match["day"]))
        except ValueError:
            return None

    def spelled(self, day: date) -> str:
        """A day as this format writes it, with no digit more than it needs."""
        name, short = (spellings(self.language, day.month, short=short)[0] for short in (False, True))
        parts = {
            "yyyy": f"{day.year:04}", "yy": f"{day.year % _YEAR_OF_CENTURY:02}", "MMMM": name, "MMM": short,
            "MM": f"{day.month:02}", "M": f"{day.month}", "dd": f"{day.day:02}", "d": f"{day.day}",
        }  # fmt: skip
        return "".join(parts.get(piece, piece) for piece in _TOKEN.findall(self.spelling))

    def _year(self, written: int) -> int:
        if self.first_year is None:
            return written
        return self.first_year + (written - self.first_year) % _YEAR_OF_CENTURY


_FIRST, _LAST = (EPOCH + timedelta(days=days) for days in (DATE.low, DATE.high))


def read_in_any(formats: Sequence[DateFormat], text: str) -> date | None:
    """The day that a cell names in the first of these formats that makes sense of it; days that no fact can hold make
    sense in none but the only format."""
    if len(formats) == 1:
        return formats[0].read(text)
    days = (each.read(text) for each in formats)
    return next((day for day in days if day is not None and _FIRST <= day <= _LAST), None)


def ambiguous_text(formats: Sequence[DateFormat]) -> str | None:
    """A text that names one day in one of these formats and another day in another; None where there is none.

    Tried are the days of many years in each format, with and without the zeros that it may leave out: of `d/M/yyyy` and
    `M/d/yyyy` the text `1/2/2001` comes out at once.
    """
    for writer, reader in itertools.permutations(formats, 2):
        for day in _SAMPLE:
            for text in _spellings(writer, day):
                other = reader.read(text)
                if other is not None and _FIRST <= other <= _LAST and other != writer.read(text):
                    return text
    return None


_YEARS = (1901, 1910, 1912, 1999, *range(2001, 2032), 2112)
_SAMPLE = tuple(
    date(year, month, day) for year in _YEARS for month in range(1, 13) for day in (1, 2, 3, 10, 12, 20, 28)
)


def _spellings(format_: DateFormat, day: date) -> Iterator[str]:
    yield format_.spelled(day)
    padded = re.sub(r"(?<!d)d(?!d)", "dd", re.sub(r"(?<!M)M(?!M)", "MM", format_.spelling))
    if padded != format_.spelling:
        yield replace(format_, spelling=padded).spelled(day)
