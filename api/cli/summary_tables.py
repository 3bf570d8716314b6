"""The tables of `--summary-by`: as Markdown, so that they can be pasted, and as JSON."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from api.cli.console import out, refuse
from engine.ruleset.ruleset import RuleSet
from files.batch.summary import Summary
from files.input_refused import InputRefused


def summary_tables(grouped_by: list[str], totals: tuple[str, ...], ruleset: RuleSet) -> list[Summary]:
    """An empty table for each list of names, such as `outcome,reason`; ends the command where a name isn't known.

    `totals` are facts to add up in each, such as `invoice.open_amount`; `ruleset` says what may be named. Rows are
    added as they are decided (`Summary.add`), so memory grows with groups, not with rows.
    """
    try:
        return [Summary(_names(names), totals, ruleset) for names in grouped_by]
    except InputRefused as refused:
        refuse(str(refused))


def _names(text: str) -> tuple[str, ...]:
    """`outcome, reason,` → `("outcome", "reason")`; blanks and empty entries go."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def print_table(table: Summary) -> None:
    """Prints a table with a last line for all rows; Chinese characters are two cells wide.

    | outcome   | rows | invoice.open_amount |
    |-----------|-----:|--------------------:|
    | no_action |    1 |                0.00 |
    | all       |    1 |                0.00 |
    """
    groups = table.groups.values()
    rows = [[*table.by, "rows", *table.totals]]
    rows += [[*key, f"{group.count:,}", *table.sums((group,))] for key, group in table.rows()]
    labels = ["all", *[""] * (len(table.by) - 1)]
    rows.append([*labels, f"{sum(group.count for group in groups):,}", *table.sums(groups)])
    widths = [max(cell_len(row[index]) for row in rows) for index in range(len(rows[0]))]
    names = len(table.by)
    rule = [f"{'-' * width}{'-' if index < names else ':'}" for index, width in enumerate(widths)]
    console = out()
    console.print()
    for number, row in enumerate(rows):
        cells = [
            _padded(cell, width, is_name=index < names)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        console.print(Text(f"| {' | '.join(cells)} |"))
        if number == 0:
            console.print(Text(f"|-{'|-'.join(rule)}|"))


def _padded(cell: str, width: int, *, is_name: bool) -> str:
    """The cell as wide as its column on a terminal: names on the left, numbers on the right."""
    space = " " * (width - cell_len(cell))
    return f"{cell}{space}" if is_name else f"{space}{cell}"


def table_as_json(table: Summary) -> dict[str, object]:
    """A table as data: `groups` has the values grouped by, the number of rows and the totals as decimal text."""
    return {
        "by": list(table.by),
        "groups": [
            {
                "values": dict(zip(table.by, values, strict=True)),
                "rows": group.count,
                "totals": dict(
                    zip(table.totals, (text.replace(",", "") for text in table.sums((group,))), strict=True)
                ),
            }
            for values, group in table.rows()
        ],
    }
