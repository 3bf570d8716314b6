"""Which files a batch reads, and which fact each of their columns holds.

Leaf of the SQL batches: `duckdb.relation` opens the files for DuckDB, Spark opens them itself. The flow here:
patterns → `files_of` → names → `format_of` → (a runner reads the heading) → `sources` → the column of each fact.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.wording import did_you_mean, listed
from engine.lowering.sql.portability import check_formulas
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.vocabulary import Fact, Kind
from files.batch.raw_columns import ColumnType, FactSource, RawTarget, mapped_column
from files.formats import SUFFIXES, Format, format_named
from files.input_refused import InputRefused
from files.maps.headings import heading_faults
from files.maps.row_map import Column, MapFormula, RowMap

FILE, LINE, UNREAD = "credence file", "credence line", "credence unread"
"""Where a row stands, and what is wrong with an NDJSON line as a whole: beside raw columns of any name."""


def format_of(path: str) -> Format:
    """The format of a file by its name. Raises InputRefused where the name says nothing."""
    format_ = format_named(path)
    if format_ is None:
        raise InputRefused(f"`{path}` is none of the files that a batch knows: {', '.join(SUFFIXES)}")
    return format_


def files_of(patterns: Sequence[str]) -> list[str]:
    """The files that patterns such as `orders-*.csv` stand for: each once, by the first of its names, in the order
    of the patterns. Raises InputRefused where one is no file, is empty, or bears a name that DuckDB would take for a
    pattern."""
    files: dict[tuple[int, int], str] = {}
    names = [name for pattern in patterns for name in sorted(glob.glob(pattern)) or [pattern]]  # noqa: PTH207 also absolute
    for name in names:
        path = Path(name)
        if not path.is_file():
            kind = "is a folder" if path.is_dir() else "matches no file" if glob.has_magic(name) else "is no file"
            hint = f"; give the files in it, such as `{name.rstrip('/')}/*.csv`" if path.is_dir() else ""
            raise InputRefused(f"`{name}` {kind}{hint}")
        if glob.has_magic(name):  # DuckDB would read the files that it stands for
            raise InputRefused(f"`{name}` holds `[`, `*` or `?`, which stand for other names; rename it")
        status = path.stat()
        if not status.st_size:
            raise InputRefused("the file is empty", place=name)
        files.setdefault((status.st_dev, status.st_ino), name)
    return list(files.values())


# --- columns and facts -----------------------------------------------------------------------------------------------


def sources(
    ruleset: RuleSet,
    heading: Mapping[str, ColumnType],
    row_map: RowMap | None,
    records: Mapping[str, Mapping[str, ColumnType]] | None = None,
) -> dict[str, FactSource]:
    """Where each fact comes from, by fact. Without a map a column bears the fact's name; with one, only what the map
    names is read.

    `heading`: the columns, and how each holds its values; `records`: of columns of arrays of structs what the structs
    hold, by the column. Raises InputRefused for a column named like no fact, for a column of the map that is missing,
    and for a struct with something that is no value of a record."""
    found = _sources(ruleset, heading, row_map)
    lists = {fact.name: fact for fact in ruleset.facts if fact.type.kind is Kind.LIST}
    for name, source in found.items():
        if name in lists and source.column_type is ColumnType.RECORDS:
            fields = (records or {})[source.column]
            _refuse_strange_fields(lists[name], source.column, fields)
            found[name] = replace(source, fields=fields)
    return found


def _refuse_strange_fields(fact: Fact, column: str, fields: Mapping[str, ColumnType]) -> None:
    known = [field.name for field in fact.type.fields]
    for name in fields:
        if name not in known:
            message = f"the column `{column}` has records with `{name}`, which those of `{fact.name}` don't have"
            raise InputRefused(message, did_you_mean(name, known) or f"they have {listed(known)}")


def list_column(fact: Fact, source: FactSource) -> Column | None:
    """What is said of the column of a list that stands in text, as JSON; None for any other fact and column."""
    in_text = source.column_type in (ColumnType.CELLS, ColumnType.TEXT)
    is_list = fact.type.kind is Kind.LIST
    return mapped_column(RawTarget(fact.name, fact.type, fact.required), source) if in_text and is_list else None


def _sources(ruleset: RuleSet, heading: Mapping[str, ColumnType], row_map: RowMap | None) -> dict[str, FactSource]:
    facts = {fact.name: fact for fact in ruleset.facts}
    if row_map is None:
        groups = {fact.group for fact in ruleset.facts}
        for name in heading:
            if name.partition(".")[0] in groups and "." in name and name not in facts:
                hint = did_you_mean(name, facts) or "rename it, or give --map"
                raise InputRefused(f"the column `{name}` is no fact of this case kind ({hint})")
        named = {
            name: FactSource(column=name, column_type=column_type)
            for name, column_type in heading.items()
            if name in facts
        }
        if not named:
            raise InputRefused("no column bears the name of a fact, such as `order.amount`; give --map")
        return named
    if faults := heading_faults(row_map, list(heading)):
        raise InputRefused("\n".join(map(str, faults)))
    return {column.name: _mapped_source(column, heading) for column in row_map.columns}


_TEXTS = (ColumnType.CELLS, ColumnType.TEXT)


def _mapped_source(column: Column, heading: Mapping[str, ColumnType]) -> FactSource:
    name, column_type = _typed_part(column, heading)
    return FactSource(column=name, column_type=column_type, mapped=column, words=_words(column.values))


def _typed_part(column: Column, heading: Mapping[str, ColumnType]) -> tuple[str, ColumnType]:
    """The raw column of a fact and its type; of an id of several columns the first that is not written as text is, or
    as whole numbers are, if any is; else the first that is no text."""
    for written in ((*_TEXTS, ColumnType.WHOLE, ColumnType.YES_NO), _TEXTS):
        for name in column.columns:
            if heading[name] not in written:
                return name, heading[name]
    return column.column, heading[column.column]


def refuse_formulas(row_map: RowMap | None) -> None:
    """Raises `InputRefused` where a map has formulas whose result depends on the database, or needs more digits than
    each database keeps."""
    if row_map is None:
        return
    persons = [_makes_person(formula) for formula in row_map.formulas if formula.makes_person]
    mistakes = (*check_formulas((formula.formula, formula.place) for formula in row_map.formulas), *persons)
    if mistakes:
        formulas = "\n".join(map(str, mistakes))
        raise InputRefused(f"the map `{row_map.name}` has a formula for `credence decide-file` alone\n{formulas}")


def _makes_person(formula: MapFormula) -> Diagnostic:
    message = f"`{formula.name}` is a person, and the formula works the name out, which SQL can't read as one"
    hint = "give the person a column, or a formula over columns of type person"
    return Diagnostic(formula.place, ErrorCode.B005, message, hint)


def _words(values: Mapping[str, str | int | bool | None] | None) -> dict[str, str | None] | None:
    return None if values is None else {word: cell_text(value) for word, value in values.items()}


def cell_text(value: object) -> str | None:
    """A JSON scalar as the text of a cell: `true`, `12`, `12.50`; None for null."""
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


# --- SQL text --------------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """A text as a literal of SQL: `it's` → `'it''s'`."""
    return "'" + text.replace("'", "''") + "'"


def quoted_list(names: Sequence[str]) -> str:
    """Texts as a list literal of DuckDB's SQL."""
    return f"[{', '.join(map(quoted, names))}]"


def identifier(name: str) -> str:
    """A name as an identifier of SQL, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def first_line(error: Exception) -> str:
    """What a library's error says, cut to one line of a message of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".: ")
