"""Rules, values and parameters that are too many or too long."""

from __future__ import annotations

from tests.support.oversized.parts import RULE, TEXT, Files, dated, days, kind, rules_text, table_text, whole


@kind
def rules_of_a_parameter_with_many_dates(n: int) -> Files:
    dates = max(2, n)
    rules = (f"account.points > d + {i}" for i in range(max(1, n // 3)))
    return whole(f"parameters: {{d: {dated(dates)}}}\n" + rules_text(rules))


@kind
def dates_of_one_parameter(n: int) -> Files:
    return whole(f"parameters: {{d: {dated(n)}}}\n" + rules_text(["account.points > d"]))


@kind
def parameters_with_a_date_each(n: int) -> Files:
    dates = list(days(min(n, 70_000)))
    texts = "".join(f"  d{i}: {{{day}: 1}}\n" for i, day in enumerate(dates))
    return whole("parameters:\n" + texts + rules_text(f"account.points > d{i}" for i in range(len(dates))))


@kind
def parameters_of_one_date(n: int) -> Files:
    texts = "".join(f"  d{i}: {{2026-01-01: 1, 2027-01-01: 2}}\n" for i in range(n))
    return whole("parameters:\n" + texts + rules_text(f"account.points > d{i}" for i in range(n)))


@kind
def parameters(n: int) -> Files:
    return whole("parameters:\n" + "".join(f"  d{i}: {i}\n" for i in range(n)) + RULE)


@kind
def table_of_a_parameter_with_dates(n: int) -> Files:
    side = max(2, int(n**0.5))
    rows = (f'{{when: {{account.points: "> d + {i}"}}, then: {{out: {i}}}}}' for i in range(side))
    return whole(f"parameters: {{d: {dated(side)}}}\n" + table_text(rows, "first"))


@kind
def table_of_facts_beside_dates(n: int) -> Files:
    """Nothing reads the parameter, which has many dates; the table is of constants."""
    side = max(2, n // 2)
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{out: {i}}}}}' for i in range(side))
    return whole(f"parameters: {{d: {dated(side)}}}\n" + table_text(rows, "first"))


# --- rules ---


@kind
def rules(n: int) -> Files:
    return whole(rules_text(f"account.points > {i}" for i in range(n)))


@kind
def rules_of_one_long_list(n: int) -> Files:
    return whole(rules_text(['"account.points in [' + ", ".join(map(str, range(n))) + ']"']))


@kind
def rules_of_long_lists(n: int) -> Files:
    """Lists as long as one may be."""
    text = '"account.points in (' + ", ".join(map(str, range(199))) + ')"'
    return whole(rules_text(text for _ in range(max(1, n // 199))))


@kind
def operands_of_or(n: int) -> Files:
    return whole(rules_text([" or ".join(f"account.points = {i}" for i in range(n))]))


@kind
def operands_of_and(n: int) -> Files:
    return whole(rules_text([" and ".join(f"account.points != {i}" for i in range(n))]))


@kind
def operands_of_and_in_a_value(n: int) -> Files:
    return whole("values: {v: " + " and ".join(f"account.points > {i}" for i in range(n)) + "}\n" + rules_text(["v"]))


@kind
def operands_of_plus(n: int) -> Files:
    return whole(rules_text(["account.points > " + " + ".join(str(i) for i in range(n))]))


@kind
def operands_of_times(n: int) -> Files:
    return whole(rules_text(["account.points > " + " * ".join("9" for i in range(n))]))


@kind
def facts_multiplied(n: int) -> Files:
    return whole(rules_text(["1 < " + " * ".join("account.points" for i in range(n))]))


@kind
def brackets(n: int) -> Files:
    return whole(rules_text(["(" * n + "account.points > 1" + ")" * n]))


@kind
def nots(n: int) -> Files:
    return whole(rules_text(["not(" * n + "account.points > 1" + ")" * n]))


@kind
def ifs(n: int) -> Files:
    text = "".join(f"if account.points > {i} then {i} else " for i in range(n)) + "0"
    return whole(f'values: {{v: "{text}"}}\n' + rules_text(["v > 1"]))


@kind
def ifs_side_by_side(n: int) -> Files:
    return whole(rules_text(f"(if account.points > {i} then {i} else 3) > 2" for i in range(n)))


@kind
def powers(n: int) -> Files:
    return whole(rules_text(f"account.points > 2 ** {i % 100}" for i in range(n)))


@kind
def one_great_power(n: int) -> Files:
    return whole(rules_text(["account.points > 9 ** " + "9" * n]))


@kind
def towers_of_powers(n: int) -> Files:
    return whole(rules_text(["account.points > " + " ** ".join("9" for _ in range(n))]))


@kind
def powers_of_a_fact(n: int) -> Files:
    return whole(rules_text(f"account.points ** {2 + i % 40} > 1" for i in range(n)))


@kind
def one_long_number(n: int) -> Files:
    return whole(rules_text(["account.points > " + "9" * n]))


@kind
def quantified(n: int) -> Files:
    listed = ", ".join(str(i) for i in range(190))
    text = f'"some x in [{listed}] satisfies account.points = x"'
    return whole(rules_text(text for _ in range(max(1, n))))


@kind
def quantified_over_quantified(n: int) -> Files:
    iterations = ", ".join(f"x{i} in [1, 2]" for i in range(n))
    return whole(rules_text([f'"some {iterations} satisfies account.points = x0"']))


@kind
def least_of_many(n: int) -> Files:
    return whole(
        rules_text(["account.points > max(" + ", ".join(map(str, range(n))) + ")"]).replace(
            "when: account", "when: account"
        )
    )


@kind
def least_of_many_side_by_side(n: int) -> Files:
    text = '"account.points > max(' + ", ".join(f"account.points - {i}" for i in range(300)) + ')"'
    return whole(rules_text(text for _ in range(max(1, n // 300))))


@kind
def sums_of_many(n: int) -> Files:
    text = '"account.points > sum([' + ", ".join(f"account.points - {i}" for i in range(900)) + '])"'
    return whole(rules_text(text for _ in range(max(1, n // 900))))


@kind
def conditions_of_one_rule(n: int) -> Files:
    listed = ", ".join(f'"account.points != {i}"' for i in range(n))
    return whole(rules_text([f"[{listed}]"]))


@kind
def conditions_of_an_offer(n: int) -> Files:
    conditions = ", ".join(f"c{i}: order.amount" for i in range(n))
    then = f"then: approve_with_conditions, conditions: {{{conditions}}}"
    return whole(f"rules:\n  r: {{when: order.amount > 1, {then}, reason: {TEXT}}}\n")


# --- values ---


@kind
def values(n: int) -> Files:
    return whole("values:\n" + "".join(f"  v{i}: account.points + {i}\n" for i in range(n)) + RULE)


@kind
def values_in_a_chain(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i - 1} + 1\n" for i in range(1, n))
    return whole("values:\n  v0: account.points\n" + chain + RULE)


@kind
def conditions_in_a_chain(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i - 1} and account.points > {i}\n" for i in range(1, n))
    return whole("values:\n  v0: account.points > 0\n" + chain + rules_text([f"v{n - 1}"]))


@kind
def values_in_a_chain_backwards(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i + 1} + 1\n" for i in range(n))
    return whole("values:\n" + chain + f"  v{n}: account.points\n" + RULE)


@kind
def values_that_double(n: int) -> Files:
    chain = "".join(f"  v{i}: v{i - 1} + v{i - 1}\n" for i in range(1, n))
    return whole("values:\n  v0: account.points\n" + chain + RULE)


@kind
def values_that_read_all_before(n: int) -> Files:
    side = max(2, int((n / 4) ** 0.5))
    chain = "".join(f"  v{i}: {' or '.join(f'v{k}' for k in range(i))}\n" for i in range(1, side))
    return whole("values:\n  v0: account.points > 1\n" + chain + RULE)


@kind
def circles(n: int) -> Files:
    return whole("values:\n" + "".join(f"  v{i}: w{i}\n  w{i}: v{i}\n" for i in range(n)) + RULE)


@kind
def one_large_circle(n: int) -> Files:
    return whole("values:\n" + "".join(f"  v{i}: v{(i + 1) % n} + 1\n" for i in range(n)) + RULE)


@kind
def values_all_in_circles(n: int) -> Files:
    side = max(2, int((n / 4) ** 0.5))
    every = " + ".join(f"v{i}" for i in range(side))
    return whole("values:\n" + "".join(f"  v{i}: {every}\n" for i in range(side)) + RULE)
