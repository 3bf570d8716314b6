"""Policy sets that could take a check long: one generator for each thing that an author can repeat.

Each maker takes how often to repeat and gives policy files by name. `of_size` repeats until the files reach a number of
bytes, so that every kind can be tried as large as a file may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

FACTS = """currency: EUR
policies: [p]
facts:
  account.points: {type: integer, minimum: 0, maximum: 1000000, title: {en: Points, zh: 积分}}
  account.word: {type: text, title: {en: Word, zh: 文字}}
  account.flag: {type: yes/no, title: {en: Flag, zh: 标志}}
  account.day: {type: date, title: {en: Day, zh: 日期}}
  account.rating: {type: enum, members: [a1, a2, a3, a4], title: {en: Rating, zh: 评级}}
"""
HEAD = "policy: p\ntitle: {en: P, zh: 策略}\ndecides: order\n"
TEXT = "{en: x, zh: 甲}"
RULE = "rules:\n  r: {when: account.points > 1, then: hold, reason: {en: x, zh: 甲}}\n"

Files = dict[str, str]
Maker = Callable[[int], Files]

KINDS: dict[str, Maker] = {}


def kind(maker: Maker) -> Maker:
    KINDS[maker.__name__] = maker
    return maker


def of_size(name: str, size: int) -> dict[str, bytes]:
    """The most repetitions of a kind of at most `size` bytes."""
    low, high = 1, 2
    while _size(name, high) <= size and high < 10**7:
        low, high = high, high * 2
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if _size(name, middle) <= size else (low, middle)
    return {file: text.encode() for file, text in KINDS[name](low).items()}


def _size(name: str, times: int) -> int:
    return sum(len(text.encode()) for text in KINDS[name](times).values())


def _set(policy: str, facts: str = FACTS, head: str = HEAD) -> Files:
    return {"facts.yaml": facts + "...\n", "p.yaml": head + policy + "...\n"}


def _rules(texts: Iterable[str]) -> str:
    rules = (f"  r{n}: {{when: {text!s}, then: hold, reason: {TEXT}}}\n" for n, text in enumerate(texts))
    return "rules:\n" + "".join(rules)


def _table(rows: Iterable[str], hit: str = "unique") -> str:
    """Under `first` with a last row for all that is left."""
    if hit == "first":
        *rows, last = rows
        rows = [*rows, last, "{when: {}, then: {" + last.rpartition("then: {")[2]]
    return f"tables:\n  t:\n    hit: {hit}\n    rows:\n" + "".join(f"      - {row}\n" for row in rows) + RULE


def _dates(count: int) -> Iterator[str]:
    start = date(1950, 1, 1)
    return ((start + timedelta(days=n)).isoformat() for n in range(count))


def _dated(count: int) -> str:
    return "{" + ", ".join(f"{day}: {n % 97}" for n, day in enumerate(_dates(min(count, 70_000)))) + "}"


# --- tables ---


@kind
def unique_rows(n: int) -> Files:
    rows = [f'{{when: {{account.points: "[{i * 2}..{i * 2 + 1}]"}}, then: {{out: {i}}}}}' for i in range(n)]
    return _set(_table([*rows, f'{{when: {{account.points: ">= {n * 2}"}}, then: {{out: 0}}}}']))


@kind
def unique_rows_that_all_overlap(n: int) -> Files:
    return _set(_table(f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n)))


@kind
def any_rows_that_overlap(n: int) -> Files:
    return _set(_table((f'{{when: {{account.points: "> {i}"}}, then: {{out: 1}}}}' for i in range(n)), "any"))


@kind
def any_rows_that_differ(n: int) -> Files:
    return _set(_table((f'{{when: {{account.points: "< {n - i}"}}, then: {{out: {i}}}}}' for i in range(n)), "any"))


@kind
def first_rows(n: int) -> Files:
    rows = (f'{{when: {{account.points: ">= {n - i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return _set(_table(rows, "first"))


@kind
def first_rows_that_cover(n: int) -> Files:
    rows = (f'{{when: {{account.points: "[{i}..{2 * n - i}]"}}, then: {{out: {i}}}}}' for i in range(n))
    return _set(_table(rows, "first"))


@kind
def first_rows_of_two_columns(n: int) -> Files:
    rows = (
        f'{{when: {{account.points: "> {i * 7919 % n}", order_day: "> {i * 104729 % n}"}}, then: {{out: {i}}}}}'
        for i in range(n)
    )
    values = "values: {order_day: account.points * 2}\n"
    return _set(values + _table(rows, "first"))


@kind
def unique_rows_of_two_columns(n: int) -> Files:
    side = max(1, int(n**0.5))
    rows = (
        f'{{when: {{account.points: "[{i % side * 10}..{i % side * 10 + 9}]", account.age: "{i // side}"}}, '
        f"then: {{out: {i}}}}}"
        for i in range(n)
    )
    return _set("values: {age: account.points + 1}\n" + _table(rows).replace("account.age", "age"))


@kind
def unique_rows_with_wide_first_column(n: int) -> Files:
    """Every row takes all of the first column; only the second keeps them apart."""
    rows = (f'{{when: {{account.points: ">= 0", other: "{i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return _set("values: {other: account.points + 1}\n" + _table(rows))


@kind
def unique_rows_of_many_columns(n: int) -> Files:
    names = [f"v{i}" for i in range(12)]
    values = "values: {" + ", ".join(f"{name}: account.points + {i}" for i, name in enumerate(names)) + "}\n"
    rows = (
        "{when: {" + ", ".join(f'{name}: "{(i * 31 + c * 17) % 50}"' for c, name in enumerate(names)) + "}, "
        f"then: {{out: {i}}}}}"
        for i in range(n)
    )
    return _set(values + _table(rows))


@kind
def collect_rows(n: int) -> Files:
    rows = (f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return _set(_table(rows, "collect sum"))


@kind
def collected_greatest(n: int) -> Files:
    rows = (f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return _set(_table(rows, "collect max"))


@kind
def collected_lists(n: int) -> Files:
    rows = (f'{{when: {{account.points: "> {i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return _set(_table(rows, "collect"))


@kind
def priority_rows(n: int) -> Files:
    rows = "".join(f'      - {{when: {{account.points: "> {i}"}}, then: {{out: w{i % 50}}}}}\n' for i in range(n))
    order = ", ".join(f"w{i}" for i in range(50))
    return _set(
        f"tables:\n  t:\n    hit: priority\n    outputs: {{out: {{order: [{order}]}}}}\n    rows:\n{rows}" + RULE
    )


@kind
def priority_words(n: int) -> Files:
    rows = "".join(f'      - {{when: {{account.points: "{i}"}}, then: {{out: w{i}}}}}\n' for i in range(n))
    order = ", ".join(f"w{i}" for i in range(n))
    return _set(
        f"tables:\n  t:\n    hit: output-order\n    outputs: {{out: {{order: [{order}]}}}}\n    rows:\n{rows}" + RULE
    )


@kind
def columns_of_one_row(n: int) -> Files:
    row = ", ".join(f'account.points + {i}: ">= 0"' for i in range(n))
    return _set(_table([f"{{when: {{{row}}}, then: {{out: 1}}}}"], "first"))


@kind
def outputs_of_one_table(n: int) -> Files:
    outs = ", ".join(f"o{i}: {i}" for i in range(n))
    return _set(_table([f'{{when: {{account.points: "> {i}"}}, then: {{{outs}}}}}' for i in (5, 3)], "first"))


@kind
def outputs_of_many_rows(n: int) -> Files:
    """As many outputs as rows."""
    side = max(1, int(n**0.5))
    outs = ", ".join(f"o{i}: {i}" for i in range(side))
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{{outs}}}}}' for i in range(side))
    return _set(_table(rows, "first"))


@kind
def outputs_named_anew_in_each_row(n: int) -> Files:
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{o{i}: {i}}}}}' for i in range(n))
    return _set(_table(rows, "first"))


@kind
def columns_named_anew_in_each_row(n: int) -> Files:
    rows = (f'{{when: {{account.points + {i}: "{i}"}}, then: {{out: {i}}}}}' for i in range(n))
    return _set(_table(rows, "first"))


@kind
def small_tables(n: int) -> Files:
    tables = "".join(
        f'  t{i}: {{hit: first, rows: [{{when: {{account.points: "> {i}"}}, then: {{o{i}: 1}}}}, '
        f"{{when: {{}}, then: {{o{i}: 0}}}}]}}\n"
        for i in range(n)
    )
    return _set("tables:\n" + tables + RULE)


@kind
def intervals_in_one_cell(n: int) -> Files:
    count = min(n, 190)
    cell = ", ".join(f"[{i * 4}..{i * 4 + 1}]" for i in range(count))
    rows = (f'{{when: {{account.points: "{cell}"}}, then: {{out: {i}}}}}' for i in range(max(1, n // 190)))
    return _set(_table(rows, "any"))


@kind
def distinct_intervals_in_cells(n: int) -> Files:
    rows = []
    for i in range(max(1, n // 100)):
        cell = ", ".join(f"[{k * 4000 + i * 2}..{k * 4000 + i * 2}]" for k in range(100))
        rows.append(f'{{when: {{account.points: "{cell}"}}, then: {{out: {i}}}}}')
    return _set(_table(rows))


@kind
def one_long_list_in_a_cell(n: int) -> Files:
    cell = "[" + ", ".join(map(str, range(n))) + "]"
    return _set(_table([f'{{when: {{account.points: "{cell}"}}, then: {{out: 1}}}}'], "first"))


@kind
def words_in_cells(n: int) -> Files:
    rows = (f"""{{when: {{account.word: '"w{i}"'}}, then: {{out: {i}}}}}""" for i in range(n))
    return _set(_table(rows))


@kind
def words_in_many_cells(n: int) -> Files:
    rows = []
    for i in range(max(1, n // 100)):
        cell = ", ".join(f'"w{i}x{k}"' for k in range(100))
        rows.append(f"{{when: {{account.word: '{cell}'}}, then: {{out: {i}}}}}")
    return _set(_table(rows))


@kind
def bands_of_a_scorecard(n: int) -> Files:
    bands = ", ".join(f'"[{i * 2}..{i * 2 + 1}]": {i % 90}' for i in range(n)) + f', ">= {2 * n}": 3, null: 0'
    return _set(f"scorecard: {{total: s, criteria: {{c: {{input: account.points, bands: {{{bands}}}}}}}}}\n" + RULE)


@kind
def criteria_of_a_scorecard(n: int) -> Files:
    criteria = "".join(
        f'    c{i}: {{input: account.points, bands: {{"< {i + 1}": 1, ">= {i + 1}": 2, null: 0}}}}\n' for i in range(n)
    )
    return _set("scorecard:\n  total: s\n  criteria:\n" + criteria + RULE)


@kind
def table_that_reads_a_wide_formula(n: int) -> Files:
    """Each row's outputs are formulas of all others before it."""
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{out: "= account.points * {i} + {i}"}}}}' for i in range(n))
    return _set(_table(rows, "first"))


# --- parameters and dates ---


@kind
def rules_of_a_parameter_with_many_dates(n: int) -> Files:
    dates = max(2, n)
    rules = (f"account.points > d + {i}" for i in range(max(1, n // 3)))
    return _set(f"parameters: {{d: {_dated(dates)}}}\n" + _rules(rules))


@kind
def dates_of_one_parameter(n: int) -> Files:
    return _set(f"parameters: {{d: {_dated(n)}}}\n" + _rules(["account.points > d"]))


@kind
def parameters_with_a_date_each(n: int) -> Files:
    days = list(_dates(min(n, 70_000)))
    texts = "".join(f"  d{i}: {{{day}: 1}}\n" for i, day in enumerate(days))
    return _set("parameters:\n" + texts + _rules(f"account.points > d{i}" for i in range(len(days))))


@kind
def parameters_of_one_date(n: int) -> Files:
    texts = "".join(f"  d{i}: {{2026-01-01: 1, 2027-01-01: 2}}\n" for i in range(n))
    return _set("parameters:\n" + texts + _rules(f"account.points > d{i}" for i in range(n)))


@kind
def parameters(n: int) -> Files:
    return _set("parameters:\n" + "".join(f"  d{i}: {i}\n" for i in range(n)) + RULE)


@kind
def table_of_a_parameter_with_dates(n: int) -> Files:
    side = max(2, int(n**0.5))
    rows = (f'{{when: {{account.points: "> d + {i}"}}, then: {{out: {i}}}}}' for i in range(side))
    return _set(f"parameters: {{d: {_dated(side)}}}\n" + _table(rows, "first"))


@kind
def table_of_facts_beside_dates(n: int) -> Files:
    """Nothing reads the parameter, which has many dates; the table is of constants."""
    side = max(2, n // 2)
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{out: {i}}}}}' for i in range(side))
    return _set(f"parameters: {{d: {_dated(side)}}}\n" + _table(rows, "first"))


# --- rules ---


@kind
def rules(n: int) -> Files:
    return _set(_rules(f"account.points > {i}" for i in range(n)))


@kind
def rules_of_one_long_list(n: int) -> Files:
    return _set(_rules(['"account.points in [' + ", ".join(map(str, range(n))) + ']"']))


@kind
def rules_of_long_lists(n: int) -> Files:
    """Lists as long as one may be."""
    text = '"account.points in (' + ", ".join(map(str, range(199))) + ')"'
    return _set(_rules(text for _ in range(max(1, n // 199))))


@kind
def operands_of_or(n: int) -> Files:
    return _set(_rules([" or ".join(f"account.points = {i}" for i in range(n))]))


@kind
def operands_of_and(n: int) -> Files:
    return _set(_rules([" and ".join(f"account.points != {i}" for i in range(n))]))


@kind
def operands_of_and_in_a_value(n: int) -> Files:
    return _set("values: {v: " + " and ".join(f"account.points > {i}" for i in range(n)) + "}\n" + _rules(["v"]))


@kind
def operands_of_plus(n: int) -> Files:
    return _set(_rules(["account.points > " + " + ".join(str(i) for i in range(n))]))


@kind
def operands_of_times(n: int) -> Files:
    return _set(_rules(["account.points > " + " * ".join("9" for i in range(n))]))


@kind
def facts_multiplied(n: int) -> Files:
    return _set(_rules(["1 < " + " * ".join("account.points" for i in range(n))]))


@kind
def brackets(n: int) -> Files:
    return _set(_rules(["(" * n + "account.points > 1" + ")" * n]))


@kind
def nots(n: int) -> Files:
    return _set(_rules(["not(" * n + "account.points > 1" + ")" * n]))


@kind
def ifs(n: int) -> Files:
    text = "".join(f"if account.points > {i} then {i} else " for i in range(n)) + "0"
    return _set(f'values: {{v: "{text}"}}\n' + _rules(["v > 1"]))


@kind
def ifs_side_by_side(n: int) -> Files:
    return _set(_rules(f"(if account.points > {i} then {i} else 3) > 2" for i in range(n)))


@kind
def powers(n: int) -> Files:
    return _set(_rules(f"account.points > 2 ** {i % 100}" for i in range(n)))


@kind
def one_great_power(n: int) -> Files:
    return _set(_rules(["account.points > 9 ** " + "9" * n]))


@kind
def towers_of_powers(n: int) -> Files:
    return _set(_rules(["account.points > " + " ** ".join("9" for _ in range(n))]))


@kind
def powers_of_a_fact(n: int) -> Files:
    return _set(_rules(f"account.points ** {2 + i % 40} > 1" for i in range(n)))


@kind
def one_long_number(n: int) -> Files:
    return _set(_rules(["account.points > " + "9" * n]))


@kind
def quantified(n: int) -> Files:
    listed = ", ".join(str(i) for i in range(190))
    text = f'"some x in [{listed}] satisfies account.points = x"'
    return _set(_rules(text for _ in range(max(1, n))))


@kind
def quantified_over_quantified(n: int) -> Files:
    iterations = ", ".join(f"x{i} in [1, 2]" for i in range(n))
    return _set(_rules([f'"some {iterations} satisfies account.points = x0"']))


@kind
def least_of_many(n: int) -> Files:
    return _set(
        _rules(["account.points > max(" + ", ".join(map(str, range(n))) + ")"]).replace(
            "when: account", "when: account"
        )
    )


@kind
def least_of_many_side_by_side(n: int) -> Files:
    text = '"account.points > max(' + ", ".join(f"account.points - {i}" for i in range(300)) + ')"'
    return _set(_rules(text for _ in range(max(1, n // 300))))


@kind
def sums_of_many(n: int) -> Files:
    text = '"account.points > sum([' + ", ".join(f"account.points - {i}" for i in range(900)) + '])"'
    return _set(_rules(text for _ in range(max(1, n // 900))))


@kind
def conditions_of_one_rule(n: int) -> Files:
    listed = ", ".join(f'"account.points != {i}"' for i in range(n))
    return _set(_rules([f"[{listed}]"]))


@kind
def conditions_of_an_offer(n: int) -> Files:
    conditions = ", ".join(f"c{i}: order.amount" for i in range(n))
    then = f"then: approve_with_conditions, conditions: {{{conditions}}}"
    return _set(f"rules:\n  r: {{when: order.amount > 1, {then}, reason: {TEXT}}}\n")


# --- values ---


@kind
def values(n: int) -> Files:
    return _set("values:\n" + "".join(f"  v{i}: account.points + {i}\n" for i in range(n)) + RULE)


@kind
def values_in_a_chain(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i - 1} + 1\n" for i in range(1, n))
    return _set("values:\n  v0: account.points\n" + chain + RULE)


@kind
def conditions_in_a_chain(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i - 1} and account.points > {i}\n" for i in range(1, n))
    return _set("values:\n  v0: account.points > 0\n" + chain + _rules([f"v{n - 1}"]))


@kind
def values_in_a_chain_backwards(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i + 1} + 1\n" for i in range(n))
    return _set("values:\n" + chain + f"  v{n}: account.points\n" + RULE)


@kind
def values_that_double(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i - 1} + v{i - 1}\n" for i in range(1, n))
    return _set("values:\n  v0: account.points\n" + chain + RULE)


@kind
def values_that_read_all_before(n: int) -> Files:
    side = max(2, int((n / 4) ** 0.5))
    chain = "".join(f"  v{i}: {' or '.join(f'v{k}' for k in range(i))}\n" for i in range(1, side))
    return _set("values:\n  v0: account.points > 1\n" + chain + RULE)


@kind
def circles(n: int) -> Files:
    return _set("values:\n" + "".join(f"  v{i}: w{i}\n  w{i}: v{i}\n" for i in range(n)) + RULE)


@kind
def one_large_circle(n: int) -> Files:
    return _set("values:\n" + "".join(f"  v{i}: v{(i + 1) % n} + 1\n" for i in range(n)) + RULE)


@kind
def values_all_in_circles(n: int) -> Files:
    side = max(2, int((n / 4) ** 0.5))
    every = " + ".join(f"v{i}" for i in range(side))
    return _set("values:\n" + "".join(f"  v{i}: {every}\n" for i in range(side)) + RULE)


# --- mistakes ---


@kind
def misspelt_names(n: int) -> Files:
    known = "".join(f"  some_value_{i}_of_the_customer: account.points\n" for i in range(n))
    return _set("values:\n" + known + _rules(f"some_valeu_{i}_of_teh_customer > 1" for i in range(max(1, n // 4))))


@kind
def misspelt_facts(n: int) -> Files:
    return _set(_rules(f"account.overdu_amuont_{i} > 1" for i in range(n)))


@kind
def misspelt_keys(n: int) -> Files:
    return _set("rules:\n" + "".join(f"  r{i}: {{wehn: a, tehn: b, raeson: c}}\n" for i in range(n)))


@kind
def misspelt_top_keys(n: int) -> Files:
    return _set("".join(f"rulez{i}: 1\n" for i in range(n)))


@kind
def misspelt_members(n: int) -> Files:
    members = ", ".join(f"region_number_{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    return _set(_rules(f"account.region = regoin_nubmer_{i}" for i in range(max(1, n // 10))), facts)


@kind
def misspelt_functions(n: int) -> Files:
    return _set(_rules(f"flor{i}(account.points) > 1" for i in range(n)))


@kind
def misspelt_outcomes(n: int) -> Files:
    return _set("rules:\n" + "".join(f"  r{i}: {{when: true, then: holdd, reason: {TEXT}}}\n" for i in range(n)))


@kind
def long_misspelt_words(n: int) -> Files:
    return _set(_rules(["a" * n + " > 1"]))


@kind
def wrong_types(n: int) -> Files:
    return _set(_rules(f'account.points > "x{i}"' for i in range(n)).replace('"', "'"))


@kind
def broken_formulas(n: int) -> Files:
    return _set(_rules(f"account.points > > {i}" for i in range(n)))


@kind
def rules_that_never_fire(n: int) -> Files:
    return _set(_rules(f"account.points > {i + 10} and account.points < {i}" for i in range(n)))


@kind
def rules_always_true(n: int) -> Files:
    return _set(_rules(f"account.points >= -{i}" for i in range(n)))


@kind
def the_same_key_again(n: int) -> Files:
    return _set("rules:\n" + f"  r: {{when: true, then: hold, reason: {TEXT}}}\n" * n)


@kind
def aliases(n: int) -> Files:
    return _set("a: &a [x]\n" + "b: *a\n" * n)


@kind
def mixed_outputs(n: int) -> Files:
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{out: {i if i < n - 1 else "word"}}}}}' for i in range(n))
    return _set(_table(rows, "first"))


@kind
def conditions_set_twice(n: int) -> Files:
    then = f"then: approve_with_conditions, conditions: {{c: order.amount}}, reason: {TEXT}"
    return _set("rules:\n" + "".join(f"  r{i}: {{when: order.amount > {i}, {then}}}\n" for i in range(n)))


# --- facts, enums, texts ---


@kind
def members_of_an_enum(n: int) -> Files:
    members = ", ".join(f"m{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    return _set(_rules(["account.region = m1"]), facts)


@kind
def members_of_an_enum_in_rows(n: int) -> Files:
    members = ", ".join(f"m{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    rows = (f"{{when: {{account.region: m{i}}}, then: {{out: {i}}}}}" for i in range(n // 2))
    return _set(_table(rows, "first"), facts)


@kind
def members_of_an_enum_in_many_rules(n: int) -> Files:
    members = ", ".join(f"m{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    return _set(_rules(f"account.region != m{i}" for i in range(n // 2)), facts)


@kind
def titled_members(n: int) -> Files:
    members = ", ".join(f"m{i}: {TEXT}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: {{{members}}}, title: {{en: R, zh: 区}}}}\n"
    return _set(_rules(["account.region = m1"]), facts)


@kind
def words_of_a_table(n: int) -> Files:
    rows = (f"{{when: {{account.points: {i}}}, then: {{out: w{i}}}}}" for i in range(n))
    return _set(_table(rows, "first").replace(RULE, "") + _rules(["out = w1"]))


@kind
def words_of_a_parameter(n: int) -> Files:
    days = list(_dates(min(n, 70_000)))
    return _set(
        "parameters: {d: {" + ", ".join(f"{day}: w{i}" for i, day in enumerate(days)) + "}}\n" + _rules(["d = w1"])
    )


@kind
def words_of_an_if(n: int) -> Files:
    text = "if account.points > 1 then w0 else w1"
    values = "".join(f"  v{i}: {text.replace('w0', f'v{i - 1}') if i else text}\n" for i in range(n))
    return _set("values:\n" + values.replace("w0", "'\"a\"'").replace("w1", "'\"b\"'").replace("'", "") + RULE)


@kind
def site_facts(n: int) -> Files:
    facts = "".join(f"  account.f{i}: {{type: integer, title: {TEXT}}}\n" for i in range(n))
    return _set(RULE, FACTS + facts)


@kind
def facts_read_by_one_rule(n: int) -> Files:
    facts = "".join(f"  account.f{i}: {{type: integer, title: {TEXT}}}\n" for i in range(n))
    return _set(_rules([" or ".join(f"account.f{i} > 1" for i in range(n))]), FACTS + facts)


@kind
def placeholders_of_one_text(n: int) -> Files:
    text = "{account.points}" * n
    return _set(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def braces_of_one_text(n: int) -> Files:
    text = "{{}}" * n
    return _set(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def open_braces(n: int) -> Files:
    text = "{" * (2 * n + 1)
    return _set(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def open_quotes_in_braces(n: int) -> Files:
    text = "{ a' " * n
    return _set(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def closing_braces(n: int) -> Files:
    text = "}x" * n
    return _set(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def one_long_text(n: int) -> Files:
    return _set(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{"x " * n}", zh: 甲}}}}\n')


@kind
def one_long_constant(n: int) -> Files:
    return _set(_rules([f"""'account.word = "{"x" * n}"'"""]))


@kind
def titles_and_notes(n: int) -> Files:
    return _set(
        "parameters:\n" + "".join(f"  d{i}: {{title: {TEXT}, note: {TEXT}, value: 1}}\n" for i in range(n)) + RULE
    )


@kind
def spaces_in_a_formula(n: int) -> Files:
    return _set(_rules(["account.points" + " " * n + " > 1"]))


@kind
def line_breaks_in_a_formula(n: int) -> Files:
    return _set(
        "rules:\n  r:\n    then: hold\n    reason: "
        + TEXT
        + "\n    when: |\n"
        + "      account.points\n"
        + "      \n" * n
        + "      > 1\n"
    )


@kind
def digits_with_commas(n: int) -> Files:
    return _set(_rules(['"account.points > ' + "1," * n + '"']))


@kind
def quotes_in_a_formula(n: int) -> Files:
    return _set(_rules(["'" + '"' * n + "'"]))


@kind
def escapes_in_a_formula(n: int) -> Files:
    return _set(_rules(["'\"" + "\\" * n + "'"]))


@kind
def is_not_in_a_formula(n: int) -> Files:
    return _set(_rules(["account.points " + "is " * n]))


@kind
def minus_signs(n: int) -> Files:
    return _set(_rules(["account.points > " + "-" * n + "1"]))


@kind
def dots(n: int) -> Files:
    return _set(_rules(["account" + ".points" * n + " > 1"]))


@kind
def comments(n: int) -> Files:
    return _set("# x\n" * n + RULE)


@kind
def flow_lists(n: int) -> Files:
    return _set("rules: " + "[" * n + "]" * n + "\n")


@kind
def policies(n: int) -> Files:
    files = {f"p{i}.yaml": HEAD.replace("policy: p", f"policy: p{i}") + RULE + "...\n" for i in range(n)}
    listed = ", ".join(f"p{i}" for i in range(n))
    return {"facts.yaml": FACTS.replace("[p]", f"[{listed}]") + "...\n"} | files
