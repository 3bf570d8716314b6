"""Mistakes, facts, enums and texts that are too many or too long."""

from __future__ import annotations

from tests.support.oversized.parts import FACTS, HEAD, RULE, TEXT, Files, days, kind, rules_text, table_text, whole


@kind
def misspelt_names(n: int) -> Files:
    known = "".join(f"  some_value_{i}_of_the_customer: account.points\n" for i in range(n))
    return whole("values:\n" + known + rules_text(f"some_valeu_{i}_of_teh_customer > 1" for i in range(max(1, n // 4))))


@kind
def misspelt_facts(n: int) -> Files:
    return whole(rules_text(f"account.overdu_amuont_{i} > 1" for i in range(n)))


@kind
def misspelt_keys(n: int) -> Files:
    return whole("rules:\n" + "".join(f"  r{i}: {{wehn: a, tehn: b, raeson: c}}\n" for i in range(n)))


@kind
def misspelt_top_keys(n: int) -> Files:
    return whole("".join(f"rulez{i}: 1\n" for i in range(n)))


@kind
def misspelt_members(n: int) -> Files:
    members = ", ".join(f"region_number_{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    return whole(rules_text(f"account.region = regoin_nubmer_{i}" for i in range(max(1, n // 10))), facts)


@kind
def misspelt_functions(n: int) -> Files:
    return whole(rules_text(f"flor{i}(account.points) > 1" for i in range(n)))


@kind
def misspelt_outcomes(n: int) -> Files:
    return whole("rules:\n" + "".join(f"  r{i}: {{when: true, then: holdd, reason: {TEXT}}}\n" for i in range(n)))


@kind
def long_misspelt_words(n: int) -> Files:
    return whole(rules_text(["a" * n + " > 1"]))


@kind
def wrong_types(n: int) -> Files:
    return whole(rules_text(f'account.points > "x{i}"' for i in range(n)).replace('"', "'"))


@kind
def broken_formulas(n: int) -> Files:
    return whole(rules_text(f"account.points > > {i}" for i in range(n)))


@kind
def rules_that_never_fire(n: int) -> Files:
    return whole(rules_text(f"account.points > {i + 10} and account.points < {i}" for i in range(n)))


@kind
def rules_always_true(n: int) -> Files:
    return whole(rules_text(f"account.points >= -{i}" for i in range(n)))


@kind
def the_same_key_again(n: int) -> Files:
    return whole("rules:\n" + f"  r: {{when: true, then: hold, reason: {TEXT}}}\n" * n)


@kind
def aliases(n: int) -> Files:
    return whole("a: &a [x]\n" + "b: *a\n" * n)


@kind
def mixed_outputs(n: int) -> Files:
    rows = (f'{{when: {{account.points: "{i}"}}, then: {{out: {i if i < n - 1 else "word"}}}}}' for i in range(n))
    return whole(table_text(rows, "first"))


@kind
def conditions_set_twice(n: int) -> Files:
    then = f"then: approve_with_conditions, conditions: {{c: order.amount}}, reason: {TEXT}"
    return whole("rules:\n" + "".join(f"  r{i}: {{when: order.amount > {i}, {then}}}\n" for i in range(n)))


# --- facts, enums, texts ---


@kind
def members_of_an_enum(n: int) -> Files:
    members = ", ".join(f"m{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    return whole(rules_text(["account.region = m1"]), facts)


@kind
def members_of_an_enum_in_rows(n: int) -> Files:
    members = ", ".join(f"m{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    rows = (f"{{when: {{account.region: m{i}}}, then: {{out: {i}}}}}" for i in range(n // 2))
    return whole(table_text(rows, "first"), facts)


@kind
def members_of_an_enum_in_many_rules(n: int) -> Files:
    members = ", ".join(f"m{i}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: [{members}], title: {{en: R, zh: 区}}}}\n"
    return whole(rules_text(f"account.region != m{i}" for i in range(n // 2)), facts)


@kind
def titled_members(n: int) -> Files:
    members = ", ".join(f"m{i}: {TEXT}" for i in range(n))
    facts = FACTS + f"  account.region: {{type: enum, members: {{{members}}}, title: {{en: R, zh: 区}}}}\n"
    return whole(rules_text(["account.region = m1"]), facts)


@kind
def words_of_a_table(n: int) -> Files:
    rows = (f"{{when: {{account.points: {i}}}, then: {{out: w{i}}}}}" for i in range(n))
    return whole(table_text(rows, "first").replace(RULE, "") + rules_text(["out = w1"]))


@kind
def words_of_a_parameter(n: int) -> Files:
    dates = list(days(min(n, 70_000)))
    return whole(
        "parameters: {d: {" + ", ".join(f"{day}: w{i}" for i, day in enumerate(dates)) + "}}\n" + rules_text(["d = w1"])
    )


@kind
def words_of_an_if(n: int) -> Files:
    text = "if account.points > 1 then w0 else w1"
    values = "".join(f"  v{i}: {text.replace('w0', f'v{i - 1}') if i else text}\n" for i in range(n))
    return whole("values:\n" + values.replace("w0", "'\"a\"'").replace("w1", "'\"b\"'").replace("'", "") + RULE)


@kind
def site_facts(n: int) -> Files:
    facts = "".join(f"  account.f{i}: {{type: integer, title: {TEXT}}}\n" for i in range(n))
    return whole(RULE, FACTS + facts)


@kind
def facts_read_by_one_rule(n: int) -> Files:
    facts = "".join(f"  account.f{i}: {{type: integer, title: {TEXT}}}\n" for i in range(n))
    return whole(rules_text([" or ".join(f"account.f{i} > 1" for i in range(n))]), FACTS + facts)


@kind
def placeholders_of_one_text(n: int) -> Files:
    text = "{account.points}" * n
    return whole(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def braces_of_one_text(n: int) -> Files:
    text = "{{}}" * n
    return whole(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def open_braces(n: int) -> Files:
    text = "{" * (2 * n + 1)
    return whole(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def open_quotes_in_braces(n: int) -> Files:
    text = "{ a' " * n
    return whole(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def closing_braces(n: int) -> Files:
    text = "}x" * n
    return whole(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{text}", zh: 甲}}}}\n')


@kind
def one_long_text(n: int) -> Files:
    return whole(f'rules:\n  r: {{when: account.points > 1, then: hold, reason: {{en: "{"x " * n}", zh: 甲}}}}\n')


@kind
def one_long_constant(n: int) -> Files:
    return whole(rules_text([f"""'account.word = "{"x" * n}"'"""]))


@kind
def titles_and_notes(n: int) -> Files:
    return whole(
        "parameters:\n" + "".join(f"  d{i}: {{title: {TEXT}, note: {TEXT}, value: 1}}\n" for i in range(n)) + RULE
    )


@kind
def spaces_in_a_formula(n: int) -> Files:
    return whole(rules_text(["account.points" + " " * n + " > 1"]))


@kind
def line_breaks_in_a_formula(n: int) -> Files:
    return whole(
        "rules:\n  r:\n    then: hold\n    reason: "
        + TEXT
        + "\n    when: |\n"
        + "      account.points\n"
        + "      \n" * n
        + "      > 1\n"
    )


@kind
def digits_with_commas(n: int) -> Files:
    return whole(rules_text(['"account.points > ' + "1," * n + '"']))


@kind
def quotes_in_a_formula(n: int) -> Files:
    return whole(rules_text(["'" + '"' * n + "'"]))


@kind
def escapes_in_a_formula(n: int) -> Files:
    return whole(rules_text(["'\"" + "\\" * n + "'"]))


@kind
def is_not_in_a_formula(n: int) -> Files:
    return whole(rules_text(["account.points " + "is " * n]))


@kind
def minus_signs(n: int) -> Files:
    return whole(rules_text(["account.points > " + "-" * n + "1"]))


@kind
def dots(n: int) -> Files:
    return whole(rules_text(["account" + ".points" * n + " > 1"]))


@kind
def comments(n: int) -> Files:
    return whole("# x\n" * n + RULE)


@kind
def flow_lists(n: int) -> Files:
    return whole("rules: " + "[" * n + "]" * n + "\n")


@kind
def policies(n: int) -> Files:
    files = {f"p{i}.yaml": HEAD.replace("policy: p", f"policy: p{i}") + RULE + "...\n" for i in range(n)}
    listed = ", ".join(f"p{i}" for i in range(n))
    return {"facts.yaml": FACTS.replace("[p]", f"[{listed}]") + "...\n"} | files
