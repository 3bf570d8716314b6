"""Tables and scorecards that are too large."""

from __future__ import annotations

from tests.support.oversized.parts import RULE, Files, kind, table_text, whole


@kind
def unique_rows(n: int) -> Files:
    rows = [f'{{when: {{account.points: "[{i * 2}..{i * 2 + 1}]"}}, then: {{out: {i}}}}}' for i in range(n)]
    return whole(table_text([*rows, f'{{when: {{account.points: ">= {n * 2}"}}, then: {{out: 0}}}}']))


@kind
def unique_rows_that_all_overlap(n: int) -> Files:
    return whole(table_text(f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n)))


@kind
def any_rows_that_overlap(n: int) -> Files:
    return whole(table_text((f'{{when: {{account.points: "> {i}"}}, then: {{out: 1}}}}' for i in range(n)), "any"))


@kind
def any_rows_that_differ(n: int) -> Files:
    return whole(
        table_text((f'{{when: {{account.points: "< {n - i}"}}, then: {{out: {i}}}}}' for i in range(n)), "any")
    )


@kind
def first_rows(n: int) -> Files:
    rows = (f'{{when: {{account.points: ">= {n - i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return whole(table_text(rows, "first"))


@kind
def first_rows_that_cover(n: int) -> Files:
    rows = (f'{{when: {{account.points: "[{i}..{2 * n - i}]"}}, then: {{out: {i}}}}}' for i in range(n))
    return whole(table_text(rows, "first"))


@kind
def first_rows_of_two_columns(n: int) -> Files:
    rows = (
        f'{{when: {{account.points: "> {i * 7919 % n}", order_day: "> {i * 104729 % n}"}}, then: {{out: {i}}}}}'
        for i in range(n)
    )
    values = "values: {order_day: account.points * 2}\n"
    return whole(values + table_text(rows, "first"))


@kind
def unique_rows_of_two_columns(n: int) -> Files:
    side = max(1, int(n**0.5))
    rows = (
        f'{{when: {{account.points: "[{i % side * 10}..{i % side * 10 + 9}]", account.age: "{i // side}"}}, '
        f"then: {{out: {i}}}}}"
        for i in range(n)
    )
    return whole("values: {age: account.points + 1}\n" + table_text(rows).replace("account.age", "age"))


@kind
def unique_rows_with_wide_first_column(n: int) -> Files:
    """Every row takes all of the first column; only the second keeps them apart."""
    rows = (f'{{when: {{account.points: ">= 0", other: "{i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return whole("values: {other: account.points + 1}\n" + table_text(rows))


@kind
def unique_rows_of_many_columns(n: int) -> Files:
    names = [f"v{i}" for i in range(12)]
    values = "values: {" + ", ".join(f"{name}: account.points + {i}" for i, name in enumerate(names)) + "}\n"
    rows = (
        "{when: {" + ", ".join(f'{name}: "{(i * 31 + c * 17) % 50}"' for c, name in enumerate(names)) + "}, "
        f"then: {{out: {i}}}}}"
        for i in range(n)
    )
    return whole(values + table_text(rows))


@kind
def collect_rows(n: int) -> Files:
    rows = (f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return whole(table_text(rows, "collect sum"))


@kind
def collected_greatest(n: int) -> Files:
    rows = (f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return whole(table_text(rows, "collect max"))


@kind
def collected_lists(n: int) -> Files:
    rows = (f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return whole(table_text(rows, "collect"))


@kind
def priority_rows(n: int) -> Files:
    rows = "".join(f'      - {{when: {{account.points: "> {i}"}}, then: {{out: w{i % 50}}}}}\n' for i in range(n))
    order = ", ".join(f"w{i}" for i in range(50))
    return whole(
        f"tables:\n  t:\n    hit: priority\n    outputs: {{out: {{order: [{order}]}}}}\n    rows:\n{rows}" + RULE
    )


@kind
def priority_words(n: int) -> Files:
    rows = "".join(f'      - {{when: {{account.points: "{i}"}}, then: {{out: w{i}}}}}\n' for i in range(n))
    order = ", ".join(f"w{i}" for i in range(n))
    return whole(
        f"tables:\n  t:\n    hit: output-order\n    outputs: {{out: {{order: [{order}]}}}}\n    rows:\n{rows}" + RULE
    )


@kind
def columns_of_one_row(n: int) -> Files:
    row = ", ".join(f'account.points + {i}: ">= 0"' for i in range(n))
    return whole(table_text([f"{{when: {{{row}}}, then: {{out: 1}}}}"], "first"))


@kind
def outputs_of_one_table(n: int) -> Files:
    outs = ", ".join(f"o{i}: {i}" for i in range(n))
    return whole(table_text([f'{{when: {{account.points: "> {i}"}}, then: {{{outs}}}}}' for i in (5, 3)], "first"))


@kind
def outputs_of_many_rows(n: int) -> Files:
    """As many outputs as rows."""
    side = max(1, int(n**0.5))
    outs = ", ".join(f"o{i}: {i}" for i in range(side))
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{{outs}}}}}' for i in range(side))
    return whole(table_text(rows, "first"))


@kind
def outputs_named_anew_in_each_row(n: int) -> Files:
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{o{i}: {i}}}}}' for i in range(n))
    return whole(table_text(rows, "first"))


@kind
def columns_named_anew_in_each_row(n: int) -> Files:
    rows = (f'{{when: {{account.points + {i}: "{i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return whole(table_text(rows, "first"))


@kind
def small_tables(n: int) -> Files:
    tables = "".join(
        f'  t{i}: {{hit: first, rows: [{{when: {{account.points: "> {i}"}}, then: {{o{i}: 1}}}}, '
        f"{{when: {{}}, then: {{o{i}: 0}}}}]}}\n"
        for i in range(n)
    )
    return whole("tables:\n" + tables + RULE)


@kind
def intervals_in_one_cell(n: int) -> Files:
    count = min(n, 190)
    cell = ", ".join(f"[{i * 4}..{i * 4 + 1}]" for i in range(count))
    rows = (f'{{when: {{account.points: "{cell}"}}, then: {{out: {i}}}}}' for i in range(max(1, n // 190)))
    return whole(table_text(rows, "any"))


@kind
def distinct_intervals_in_cells(n: int) -> Files:
    rows = []
    for i in range(max(1, n // 100)):
        cell = ", ".join(f"[{k * 4000 + i * 2}..{k * 4000 + i * 2}]" for k in range(100))
        rows.append(f'{{when: {{account.points: "{cell}"}}, then: {{out: {i}}}}}')
    return whole(table_text(rows))


@kind
def one_long_list_in_a_cell(n: int) -> Files:
    cell = "[" + ", ".join(map(str, range(n))) + "]"
    return whole(table_text([f'{{when: {{account.points: "{cell}"}}, then: {{out: 1}}}}'], "first"))


@kind
def words_in_cells(n: int) -> Files:
    rows = (f"""{{when: {{account.word: '"w{i}"'}}, then: {{out: {i}}}}}""" for i in range(n))
    return whole(table_text(rows))


@kind
def words_in_many_cells(n: int) -> Files:
    rows = []
    for i in range(max(1, n // 100)):
        cell = ", ".join(f'"w{i}x{k}"' for k in range(100))
        rows.append(f"{{when: {{account.word: '{cell}'}}, then: {{out: {i}}}}}")
    return whole(table_text(rows))


@kind
def bands_of_a_scorecard(n: int) -> Files:
    bands = ", ".join(f'"[{i * 2}..{i * 2 + 1}]": {i % 90}' for i in range(n)) + f', ">= {2 * n}": 3, null: 0'
    return whole(f"scorecard: {{total: s, criteria: {{c: {{input: account.points, bands: {{{bands}}}}}}}}}\n" + RULE)


@kind
def criteria_of_a_scorecard(n: int) -> Files:
    criteria = "".join(
        f'    c{i}: {{input: account.points, bands: {{"< {i + 1}": 1, ">= {i + 1}": 2, null: 0}}}}\n' for i in range(n)
    )
    return whole("scorecard:\n  total: s\n  criteria:\n" + criteria + RULE)


@kind
def table_that_reads_a_wide_formula(n: int) -> Files:
    """Each row's outputs are formulas of all others before it."""
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{out: "= account.points * {i} + {i}"}}}}' for i in range(n))
    return whole(table_text(rows, "first"))
