"""A decision table's nodes → a `TableDefinition`. Part of `read_policy`.

Three passes: outputs as they are declared, rows with their cells, and then what only both together show: outputs that
rows give without a declaration, rows that lack one, words that the order of an output doesn't have. Whether rows
overlap or leave gaps is for `engine.proving`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.reading.document import Mapping, Node, Scalar
from engine.reading.fields import FieldReader
from engine.reading.filled_words import filled, is_filled
from engine.reading.for_currency import FOR, read_for
from engine.reading.leaf import expression, output, unary_tests
from engine.reading.policy import Cell, Expression, HitPolicy, OutputCell, OutputDefinition, Row, TableDefinition

Take = Callable[[Node, str], str | None]
"""Reserves a name in the policy's namespace, for what it names; None, with a mistake, if it is taken."""

_OUTPUT_KEYS = ("type", "members", "minimum", "maximum", FOR, "title", "order", "ascending")
_ORDERED = (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)


def read_table(reader: FieldReader, name: str, place: Place, node: Node, take: Take) -> TableDefinition | None:
    """The table called `name`, or None. Its mistakes go to `reader`; a table that has any must not be used.

    `place` is that of its key, `take` reserves the names of its outputs among those of the policy.
    """
    what = f"the table `{name}`" if name != "table" else "the table"
    fields = reader.fields(node, what, ("hit", "outputs", "rows"), ("rows",), place)
    if fields is None:
        return None
    # DMN 1.5, 8.2.10: a table that names no hit policy is unique
    word = reader.choice(fields["hit"], "a hit policy", tuple(HitPolicy)) if "hit" in fields else HitPolicy.UNIQUE
    declared = _declared(reader, fields.get("outputs"), what)
    rows = _rows(reader, fields.get("rows"), what, {output.name: output for output in declared})
    outputs = _complete(reader, what, declared, rows, take)
    if word in _ORDERED:
        _check_order(reader, fields.get("hit", node), word, outputs, rows)
    if not word or not rows:
        return None
    return TableDefinition(name=name, place=place, hit=HitPolicy(word), outputs=outputs, rows=rows)


# --- outputs ---------------------------------------------------------------------------------------------------------


def _declared(reader: FieldReader, node: Node | None, what: str) -> list[OutputDefinition]:
    outputs: list[OutputDefinition] = []
    for key, content in reader.entries(node, f"`outputs` of {what}") if node else ():
        if name := reader.name(key, "an output's name"):
            outputs.append(_declaration(reader, name, key.place, content))
    return outputs


def _declaration(reader: FieldReader, name: str, place: Place, node: Node) -> OutputDefinition:
    what = f"the output `{name}`"
    if isinstance(node, Scalar):
        return OutputDefinition(name=name, place=place, type=reader.type_name({"type": node}), title=None, order=())
    fields = reader.fields(node, what, _OUTPUT_KEYS) or {}
    type_ = reader.bounded_type(fields)
    title = reader.text(fields.get("title"), f"the title of {what}")
    order = reader.words(fields["order"], "a word") if "order" in fields else ()
    ascending = _ascending(reader, fields.get("ascending"), what)
    if type_ and type_.members and order:
        _match_members(reader, fields["order"].place, what, order, type_.members)
    currency = read_for(reader, fields.get(FOR), type_, what)
    return OutputDefinition(
        name=name, place=place, type=type_, title=title, order=order, ascending=ascending, currency=currency
    )


def _ascending(reader: FieldReader, node: Node | None, what: str) -> str:
    """How the output goes from row to row: `true`, or `strictly`; empty for `false` and for a mistake."""
    if node is None or (isinstance(node, Scalar) and node.value is False):
        return ""
    if isinstance(node, Scalar) and (node.value is True or node.text == "strictly"):
        return "rising" if node.value is True else "strictly"
    hint = "`true`: no row gives less than the one above; `strictly`: each gives more"
    reader.wrong_kind(node, f"`ascending` of {what}", "`true` or `strictly`", hint)
    return ""


def _match_members(
    reader: FieldReader, place: Place, what: str, order: tuple[str, ...], members: tuple[str, ...]
) -> None:
    for word in order:
        if word not in members:
            hint = did_you_mean(word, members)
            reader.mistake(
                place, ErrorCode.P020, f"the order of {what} has `{clipped(word)}`, which is not a member", hint
            )
    if missing := [word for word in members if word not in order]:
        reader.mistake(place, ErrorCode.P020, f"the order of {what} lacks {listed(missing)}", "list every member once")


def _complete(
    reader: FieldReader, what: str, declared: list[OutputDefinition], rows: tuple[Row, ...], take: Take
) -> tuple[OutputDefinition, ...]:
    """The declared outputs and those that the rows give without a declaration.

    Every row must give all of them. An output that fewer than half of the rows give, and that isn't declared, is taken
    for a slip of the pen in those rows: three rows with `limit` and one with `limt` make one output and one mistake.
    """
    given = Counter(cell.name for row in rows for cell in row.outputs)
    known = {output.name: output for output in declared}
    for row in rows:
        for cell in row.outputs:
            if cell.name not in known and 2 * given[cell.name] >= len(rows):
                known[cell.name] = OutputDefinition(name=cell.name, place=cell.place, type=None, title=None, order=())
    for row in rows:
        _check_outputs(reader, what, row, tuple(known))
    for definition in known.values():
        name = Scalar(place=definition.place, value=definition.name, text=definition.name, quoted=False)
        take(name, "a table output")
    return tuple(known.values())


def _check_outputs(reader: FieldReader, what: str, row: Row, known: tuple[str, ...]) -> None:
    """Notes the outputs that a row gives alone, and those that it lacks, matching the two by their spelling."""
    given = [cell.name for cell in row.outputs]
    absent = [name for name in known if name not in given]
    for cell in row.outputs:
        if cell.name in known:
            continue
        close = nearest(cell.name, absent)
        hint = f"did you mean `{close}`?" if close else "give it in every row, or in none"
        reader.mistake(cell.place, ErrorCode.P019, f"`{cell.name}` is not an output of the other rows of {what}", hint)
        absent = [name for name in absent if name != close]
    if absent:
        hint = f"write {listed([f'{name}: …' for name in absent])}; `null` if there is nothing to give"
        reader.mistake(row.place, ErrorCode.P019, f"row `{row.id}` of {what} doesn't give {listed(absent)}", hint)


def _check_order(
    reader: FieldReader, hit: Node, word: str, outputs: tuple[OutputDefinition, ...], rows: tuple[Row, ...]
) -> None:
    """Every word that a row gives must be in its output's order (DMN 1.5, 8.2.10: priorities come from that order)."""
    ordered = {output.name: output.order for output in outputs if output.order}
    if not ordered:
        hint = "write `outputs: {name: {order: [first, second]}}`, the highest priority first"
        reader.mistake(hit.place, ErrorCode.P020, f"hit policy `{word}` needs an output with an `order`", hint)
    for row in rows:
        for cell in row.outputs:
            order = ordered.get(cell.name)
            if order and isinstance(cell.content, str) and cell.content not in order:
                hint = did_you_mean(cell.content, order)
                message = f"`{clipped(cell.content)}` is not in the order of `{cell.name}`"
                reader.mistake(cell.place, ErrorCode.P020, message, hint)


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(reader: FieldReader, node: Node | None, what: str, declared: dict[str, OutputDefinition]) -> tuple[Row, ...]:
    rows: list[Row] = []
    ids: dict[str, Place] = {}
    refused: set[str] = set()
    for number, item in enumerate(reader.items(node, f"`rows` of {what}") if node else (), 1):
        fields = reader.fields(item, "a row", ("id", "when", "then"), ("when", "then"))
        if fields is None:
            continue
        id_ = reader.id(fields["id"], "a row's id") if "id" in fields else None
        if id_ and id_ in ids:
            hint = "give each row its own id, or none"
            reader.mistake(
                fields["id"].place, ErrorCode.P006, f"`{id_}` is already the id of the row at {ids[id_]}", hint
            )
        elif id_:
            ids[id_] = item.place
        cells = _cells(reader, fields["when"]) if "when" in fields else ()
        outputs = _output_cells(reader, fields["then"], declared, refused) if "then" in fields else ()
        rows.append(Row(id_ or str(number), item.place, cells, outputs))
    return tuple(rows)


def _cells(reader: FieldReader, node: Node) -> tuple[Cell, ...]:
    if isinstance(node, Scalar):
        hint = 'write `when: {account.months: "< 6"}`, or `when: {}` for a row that always holds'
        reader.wrong_kind(node, "a row's `when`", "tests by column", hint)
        return ()
    cells: list[Cell] = []
    for key, content in reader.entries(node, "a row's `when`", least=0):
        column = expression(reader, key, "a column")
        tests = unary_tests(reader, content, f"the cell for `{clipped(key.text)}`")
        if column and tests:
            cells.append(Cell(column, tests))
    return tuple(cells)


def _output(
    reader: FieldReader, row: Mapping, key: Scalar, content: Node, declared: dict[str, OutputDefinition]
) -> Expression | Decimal | str | bool | None:
    if isinstance(content, Scalar) and is_filled(content):
        return filled(reader, content, row, declared)
    return output(reader, content, f"the output `{clipped(key.text)}`")


def _output_cells(
    reader: FieldReader, node: Node, declared: dict[str, OutputDefinition], refused: set[str]
) -> tuple[OutputCell, ...]:
    """What a row gives. `refused` holds names already known to be unfit, which are not mistakes again in every row."""
    if not isinstance(node, Mapping):
        reader.wrong_kind(node, "a row's `then`", "outputs by name", "write `then: {name: value}`")
        return ()
    cells: list[OutputCell] = []
    for key, content in reader.entries(node, "a row's `then`"):
        name = None if key.text in refused else reader.name(key, "an output's name")
        value = _output(reader, node, key, content, declared)
        if isinstance(value, str | bool | Decimal):
            reader.literal_fits(content, value, declared[name].type if name in declared else None)
        if name:
            cells.append(OutputCell(name, key.place, value))
        else:
            refused.add(key.text)
    return tuple(cells)
