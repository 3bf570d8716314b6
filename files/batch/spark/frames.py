"""The same batch decisions on a Spark session: a frame of raw columns in, frames of decisions and of rejects out.

Only expressions are sent to the executors, no Python runs there. `cluster` composes it with a cluster's storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf
from pyspark.sql.types import ArrayType, StructType

from engine.lowering.sql.action_lists import action_list
from engine.lowering.sql.alternatives import with_alternatives
from engine.lowering.sql.masks import Mask
from engine.lowering.sql.portability import portability_mistakes, without_lists
from engine.lowering.sql.readable_columns import fact_value, list_value
from engine.lowering.sql.sql_form import ACTIONS, OUTCOME, SqlForm
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import NO_RATES, Denomination
from engine.vocabulary.vocabulary import RATE_DAYS_USUAL, Fact, Kind
from files.batch.input import list_column, refuse_formulas, sources
from files.batch.output import RULES, action_columns, converted_from, elements
from files.batch.person_texts import PERSONS, READ, WRITTEN, read_person
from files.batch.raw_currency import raw_currency
from files.batch.raw_facts import FAULTS, ColumnType, RawFacts
from files.batch.row_rates import RATE_CURRENCY, RowRates
from files.input_refused import InputRefused
from files.maps.row_map import RowMap


class DecidedFrames(NamedTuple):
    """What becomes of a frame of raw rows: each row is in one of the two.

    `decisions`: the columns of a decision. `rejects`: the raw columns and `faults`, one fault a line.
    """

    decisions: DataFrame
    rejects: DataFrame


def decide_frame(
    frame: DataFrame,
    ruleset: RuleSet,
    as_of: date,
    row_map: RowMap | None = None,
    *,
    cells: bool = False,
    results: bool = True,
    lists_as_json: bool = False,
    money: Denomination | None = None,
) -> DecidedFrames:
    """Decides every row of a frame.

    Without `row_map`, columns are named like facts (`order.amount`). `cells`: text columns are cells, as from CSV, in
    which blank means missing; otherwise they are values. `results`: every value of the policies, or only outcome,
    conditions and rules. `lists_as_json`: lists of what stands in a decision's JSON; otherwise their members have the
    type that a column of them has. `money`: what other currencies are worth; rows in them are rejects where it doesn't
    say. Raises InputRefused where a policy can't run in SQL or the columns don't fit.
    """
    refused = portability_mistakes([ruleset], lists=True)
    if refused:
        raise InputRefused("\n".join(map(str, refused)))
    heading = {field.name: _column_type(field.dataType.simpleString(), cells=cells) for field in frame.schema.fields}
    refuse_formulas(row_map)
    by_name, day = sources(ruleset, heading, row_map, _records(frame, heading)), day_number(as_of)
    ruleset = without_lists(ruleset, by_name)
    for fact in ruleset.facts:
        if fact.name in by_name and (column := list_column(fact, by_name[fact.name])) is not None:
            message = f"on Spark a list is a column of arrays of structs, and `{column.column}` holds text"
            made = f"from_json(`{column.column}`, '{_array_type(fact)}')"
            raise InputRefused(message, f"make it one with {made}, or use --engine duckdb or python, which read text")
    form = SqlForm(with_alternatives(ruleset), "spark", day_number(as_of))
    session = frame.sparkSession
    frame.createOrReplaceTempView("raw")
    money = money or Denomination(ruleset.currency, NO_RATES, day, RATE_DAYS_USUAL)
    currency = raw_currency(heading, row_map, money)
    raw_facts = RawFacts(ruleset.facts, form.columns, by_name, form.dialect, row_map=row_map, as_of=day)
    persons = _read_persons(session, raw_facts)

    def read(kept: Sequence[str]) -> RawFacts:
        return RawFacts(
            ruleset.facts,
            form.columns,
            by_name,
            form.dialect,
            kept,
            row_map=row_map,
            as_of=day,
            persons=persons,
            currency=currency,
        )

    kept = frame.columns
    rejects = _checked(session, read(kept), row_map).where(f"{FAULTS} IS NOT NULL").select(*map(_quoted, kept), FAULTS)
    sound = _checked(session, read(()), row_map).where(f"{FAULTS} IS NULL").drop(FAULTS)
    sound.createOrReplaceTempView("facts")
    named = form.ruleset.results if results else ()
    rates = read(()).row_rates
    return DecidedFrames(_decisions(session, form, named, rates, lists_as_json=lists_as_json), rejects)


def _checked(session: SparkSession, raw_facts: RawFacts, row_map: RowMap | None) -> DataFrame:
    """The rows with their faults. Spark would look for rows with faults in the raw columns: to that end it writes each
    formula of a row map into all that reads it, over and over, till its memory is full. It leaves a column alone whose
    value may differ from run to run, as one made of the number of the row may, for all that Spark knows."""
    checked = session.sql(raw_facts.checked().sql("spark", copy=False))
    if row_map is None or not row_map.formulas:
        return checked
    return checked.withColumn(FAULTS, sf.when(sf.monotonically_increasing_id() >= 0, sf.col(FAULTS)))


def _read_persons(session: SparkSession, raw_facts: RawFacts) -> bool:
    """Makes the relation of persons beyond ASCII, where the frame holds any; they are read here, on the driver."""
    texts = {row[0] for written in raw_facts.persons_written() for row in session.sql(written.sql("spark")).collect()}
    if texts:
        pairs = [(text, read_person(text)) for text in sorted(texts)]
        read = session.createDataFrame(pairs, f"`{WRITTEN}` string, `{READ}` string")
        sf.broadcast(read).createOrReplaceTempView(PERSONS)  # a join that sorts would lose the order of the rows
    return bool(texts)


def _decisions(
    session: SparkSession, form: SqlForm, results: Sequence[str], rates: RowRates | None, *, lists_as_json: bool
) -> DataFrame:
    ruleset = form.ruleset
    subjects = [f"{group}.id" for group in CASE_KINDS[ruleset.case].groups]
    masks = [mask.column for mask in (*form.fired, *form.waived, *form.undetermined)]
    named = [form.columns[name] for name in (*subjects, *results)]
    wanted = [
        *named,
        OUTCOME,
        *form.conditions.values(),
        *action_columns(form),
        *masks,
        *([RATE_CURRENCY] if rates else []),
    ]
    decided = session.sql(form.query(wanted).sql("spark", copy=False))
    types = {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}
    columns = [sf.col(form.columns[name]).alias(name) for name in subjects]
    columns.append(sf.col(OUTCOME))
    for name, source in form.conditions.items():
        value = form.counting(name, fact_value(types[name], source, form.dialect))
        columns.append(sf.expr(value.sql("spark")).alias(f"condition.{name}"))
    lists = elements(ruleset)
    for name in results:
        source, element = form.columns[name], lists.get(name)
        value = (
            list_value(element, source, form.dialect, as_json=lists_as_json)
            if element
            else fact_value(ruleset.variables[name], source, form.dialect)
        )
        columns.append(sf.expr(value.sql("spark")).alias(name))
    groups = zip(RULES, (form.fired, form.waived, form.undetermined), strict=True)
    columns += [_ids(masks).alias(name) for name, masks in groups]
    actions = sf.expr(action_list(form, as_json=lists_as_json).sql("spark"))
    converted = [sf.expr(value.sql("spark")).alias(name) for name, value in converted_from(rates)]
    return decided.select(*columns, actions.alias(ACTIONS), *converted)


def _array_type(fact: Fact) -> str:
    """The type of a column that holds the list, in Spark's words: `array<struct<amount: decimal(18,2), due: date>>`."""
    words = {Kind.DATE: "date", Kind.YES_NO: "boolean"}
    words |= dict.fromkeys((Kind.INTEGER, Kind.DAYS, Kind.MONTHS), "bigint")
    fields = []
    for each in fact.type.fields:
        is_decimal = each.type.kind in (Kind.MONEY, Kind.RATE, Kind.NUMBER)
        word = f"decimal(18,{each.type.scale})" if is_decimal else words.get(each.type.kind, "string")
        fields.append(f"{each.name}: {word}")
    return f"array<struct<{', '.join(fields)}>>"


def _ids(masks: tuple[Mask, ...]) -> Column:
    """Ids with a blank between two, as DuckDB writes them."""
    parts = [
        sf.when(sf.col(mask.column).bitwiseAND(sf.lit(1 << i)) != 0, sf.lit(id_))
        for mask in masks
        for i, id_ in enumerate(mask.ids)
    ]
    return sf.concat_ws(" ", *parts) if parts else sf.lit("")


def _records(frame: DataFrame, heading: dict[str, ColumnType]) -> dict[str, dict[str, ColumnType]]:
    """Of columns of arrays of structs, what the structs hold; such columns are marked in the heading."""
    found: dict[str, dict[str, ColumnType]] = {}
    for field in frame.schema.fields:
        element = field.dataType.elementType if isinstance(field.dataType, ArrayType) else None
        if isinstance(element, StructType):
            heading[field.name] = ColumnType.RECORDS
            found[field.name] = {
                part.name: _column_type(part.dataType.simpleString(), cells=False) for part in element.fields
            }
    return found


def _column_type(type_: str, *, cells: bool) -> ColumnType:
    """How a column of this Spark type holds its values."""
    if type_.startswith("decimal"):
        return ColumnType.DECIMAL
    known = {
        "string": ColumnType.CELLS if cells else ColumnType.TEXT,
        "boolean": ColumnType.YES_NO,
        "date": ColumnType.DATE,
        "timestamp_ntz": ColumnType.TIMESTAMP,
        "double": ColumnType.FLOAT,
        "float": ColumnType.FLOAT,
    }
    return ColumnType.WHOLE if type_ in ("tinyint", "smallint", "int", "bigint") else known.get(type_, ColumnType.OTHER)


def _quoted(name: str) -> str:
    return f"`{name}`"
