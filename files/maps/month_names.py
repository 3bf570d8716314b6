"""How languages call the months, for columns that write them as words: `31-Mai-26`, `12 mars 2026`.

Leaf of the maps. For each month the whole name as it stands within a date, then the short ones, of which programs have
several: German spreadsheets write `Mrz`, newspapers `März`. Marks may be left out (`fevr`), and a short name may end
with a point.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

ENGLISH = "en"

_WRITTEN: Mapping[str, str] = {
    ENGLISH: (
        "January Jan|February Feb|March Mar|April Apr|May|June Jun|July Jul|August Aug|September Sep Sept|October Oct|"
        "November Nov|December Dec"
    ),
    "de": (
        "Januar Jan Jän|Februar Feb|März Mrz Mär Mae Maerz|April Apr|Mai|Juni Jun|Juli Jul|August Aug|"
        "September Sep Sept|Oktober Okt|November Nov|Dezember Dez"
    ),
    "fr": (
        "janvier janv jan|février févr fév|mars mar|avril avr|mai|juin|juillet juil|août aoû|septembre sept sep|"
        "octobre oct|novembre nov|décembre déc"
    ),
    "es": (
        "enero ene|febrero feb|marzo mar|abril abr|mayo may|junio jun|julio jul|agosto ago|septiembre sep sept|"
        "octubre oct|noviembre nov|diciembre dic"
    ),
    "it": (
        "gennaio gen|febbraio feb|marzo mar|aprile apr|maggio mag|giugno giu|luglio lug|agosto ago|settembre set sett|"
        "ottobre ott|novembre nov|dicembre dic"
    ),
    "pt": (
        "janeiro jan|fevereiro fev|março mar|abril abr|maio mai|junho jun|julho jul|agosto ago|setembro set|"
        "outubro out|novembro nov|dezembro dez"
    ),
    "nl": (
        "januari jan|februari feb|maart mrt|april apr|mei|juni jun|juli jul|augustus aug|september sep sept|"
        "oktober okt|november nov|december dec"
    ),
    "pl": (
        "stycznia sty|lutego lut|marca mar|kwietnia kwi|maja maj|czerwca cze|lipca lip|sierpnia sie|września wrz|"
        "października paź|listopada lis|grudnia gru"
    ),
}

LANGUAGES = tuple(_WRITTEN)
"""Whose names are known, by their ISO 639-1 codes."""

_SHORT_MAX = 4
"""Letters of a whole name that is written out among short ones: `März`, `Juni`, `juin`."""


def _names(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(month.split()) for month in text.split("|"))


MONTH_NAMES: Mapping[str, tuple[tuple[str, ...], ...]] = {each: _names(text) for each, text in _WRITTEN.items()}
"""By language twelve times the whole name and, behind it, the short ones; a name of three letters may be both."""


def without_marks(name: str) -> str:
    """`Février` as `Fevrier`; `ł` has no mark, and stays."""
    return "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))


def spellings(language: str, month: int, *, short: bool) -> tuple[str, ...]:
    """What may stand for a month, 1 for January: its whole name, or one of its short ones, with and without marks."""
    whole, *others = MONTH_NAMES[language][month - 1]
    names = (others or [whole]) if short else [whole]
    if short and language != ENGLISH and len(whole) <= _SHORT_MAX:
        names = [*names, whole]
    return tuple(dict.fromkeys([*names, *map(without_marks, names)]))
