"""Policies with mistakes beside the diagnostics they must give; sound ones beside what they mean."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.feel import syntax
from engine.reading.document import read
from engine.reading.policy import Expression, Policy
from engine.reading.policy_file import read_policy
from engine.vocabulary.text import Text

CODES = {code for code in ErrorCode if code[0] in "PF"} - {ErrorCode.P000}
"""What the readers of one file report; P000 is about the folder."""

HEAD = "policy: orders\ntitle: {en: Orders, zh: 订单}\ndecides: order\n"
"""What stands above each of the texts below, which begin at line 4."""

REASON = "{en: a, zh: b}"

BAD: dict[str, list[str]] = {
    # parameters
    "parameters: [1]\n": ["4:13 P003 `parameters` must be a group of `key: value` entries, not a list"],
    "parameters: {}\n": ["4:13 P016 `parameters` must not be empty"],
    "parameters: {Grace: 3}\n": ["4:14 P004 `Grace` is not a parameter's name"],
    "parameters: {for: 3}\n": ["4:14 P005 `for` is a word of FEEL"],
    "parameters: {account: 3}\n": ["4:14 P005 `account` is a group of facts"],
    "parameters: {as_of: 3}\n": ["4:14 P005 `as_of` is the date of the decision"],
    "parameters:\n  days:\n": ["5:8 P003 the parameter `days` has no value"],
    "parameters: {days: [1, 2]}\n": ["4:20 P003 the parameter `days` must be a number, `true`, `false` or a word"],
    "parameters: {days: {2026-02-30: 1}}\n": ["4:21 P012 `2026-02-30` is not a date"],
    "parameters: {days: {2026-07-01: 1, 2026-01-01: 2}}\n": ["4:36 P013 `2026-01-01` is not after `2026-07-01`"],
    "parameters: {days: {2026-07-01: 1, 2026-08-01: x}}\n": ["4:48 P014 this value is text, the first one is a number"],
    "parameters: {days: {type: days, vale: 1}}\n": [
        "4:14 P002 the parameter `days` has no `value`",
        "4:33 P001 `vale` is not a key of the parameter `days` (did you mean `value`?)",
    ],
    "parameters: {days: {value: 1, values: {2026-07-01: 2}}}\n": ["4:39 P022 the parameter `days` has both"],
    "parameters: {days: {values: 1}}\n": ["4:29 P003 `values` of the parameter `days` must be values by date"],
    "parameters: {days: {type: dayz, value: 1}}\n": ["4:27 P007 `dayz` is not a type (did you mean `days`?)"],
    "parameters: {days: {type: days, value: 1.5}}\n": ["4:40 P015 `1.5` is not a whole number"],
    "parameters: {days: {type: money, value: much}}\n": ["4:41 P015 `much` is not a number, as `money` must be"],
    "parameters: {days: {type: date, value: soon}}\n": ["4:40 P015 `soon` is not a date"],
    "parameters: {days: {type: yes/no, value: 1}}\n": ["4:42 P015 `1` is neither `true` nor `false`"],
    "parameters: {days: {type: text, value: 1}}\n": ["4:40 P015 `1` is not text"],
    "parameters: {days: {type: enum, members: [one, two], value: on}}\n": [
        "4:61 P015 `on` is not a member of this enum (did you mean `one`?)"
    ],
    "parameters: {days: {type: enum, value: one}}\n": ["4:27 P018 an enum must list its members"],
    "parameters: {days: {type: days, members: [one], value: 1}}\n": ["4:42 P018 a type `days` has no members"],
    "parameters: {days: {type: {type: enum, members: [one, one, 2]}, value: one}}\n": [
        "4:55 P018 `one` is listed twice",
        '4:60 P003 a member must be a word, not the number `2` (write it between quotes, `"2"`)',
    ],
    "parameters: {days: {value: 1, title: Days}}\n": [
        "4:38 P010 the title of the parameter `days` needs its text in both languages (write `{en: Days, zh: …}`)"
    ],
    f"parameters: {{big: 1{'0' * 40}}}\n": ["4:19 P015 the number `1000000"],
    # values
    "parameters: {days: 1}\nvalues: {days: 2}\n": ["5:10 P006 `days` is already a parameter at rules/p.yaml:4:14"],
    "values: {a: account.exposure +}\n": ["4:31 F001 the expression ends too early"],
    'values: {a: "x  ≥  5"}\n': ["4:17 F001 `≥` is not understood here, write `>=`"],
    'values: {a: "x\\t\\u0020≥ 5"}\n': ["4:23 F001 `≥` is not understood here"],
    "values:\n  a: >\n    account.exposure\n    + ,\n": ["7:7 F001 `,` is not expected here"],
    "values: {a: }\n": ["4:13 F002 the formula of the value `a` is empty"],
    """values: {a: 'if x = "==" then x == 1 else 2'}\n""": ["4:33 F001 `==` is not an operator, write `=` to compare"],
    "values: {a: \"'x'\"}\n": ["4:14 F001 `'` is not understood here"],
    "values: {a: 'x = \"'}\n": ['4:18 F001 text that begins with `"` is never closed'],
    "values: {a: '  '}\n": ["4:16 F002 the formula of the value `a` is empty"],
    "values: {a: {formula: x, members: {b: {en: b}, c: 丙, d: {en: d, zh: }, 5: {en: d, zh: 丁}}}}\n": [
        "4:39 P010 the member `b` has no Chinese text (write `zh: …`)",
        "4:51 P010 the member `c` needs its text in both languages (write `{en: 丙, zh: …}`)",
        "4:69 P010 the Chinese text of the member `d` is empty",
        '4:72 P003 a member must be a word, not the number `5` (write it between quotes, `"5"`)',
    ],
    "values: {a: {formula: x, members: {}}}\n": ["4:35 P016 the list of members must not be empty"],
    "values: {a: {formula: x, members: b}}\n": ["4:35 P003 the list of members must be a list"],
    "table: {outputs: {a: {members: {x: {en: X, zh: 甲}, y}}}, rows: [{when: {}, then: {a: z}}]}\n": [
        "4:86 P015 `z` is not a member of this enum (possible are `x`, `y`)"
    ],
    "values: {a: {formula: x, type: [money]}}\n": ["4:32 P003 a type must be one of `money`"],
    "values: {a: {formula: x, title: {en: [b], zh: c}}}\n": ["4:38 P003 the English text of the title"],
    "values: {a: {formula: x, title: [b]}}\n": ["4:33 P003 the title of the value `a` must be a group"],
    "values: {a: = 1 + 1}\n": ["4:13 F001 `=` is not expected here", "only an output starts with `=`"],
    "values: {a: {formula: x, tpye: money}}\n": [
        "4:26 P001 `tpye` is not a key of the value `a` (did you mean `type`?)"
    ],
    "values: {a: {type: money}}\n": ["4:10 P002 the value `a` has no `formula`"],
    "values: {a: [x]}\n": ["4:13 P003 the formula of the value `a` must be FEEL text, not a list"],
    # scorecards
    "scorecard: {}\n": ["4:12 P002 a scorecard has no `criteria`", "4:12 P002 a scorecard has no `total`"],
    "scorecard: {total: s, criteria: {c: {input: x, bands: {< 1: 0}}}}\n": [
        "4:55 P017 the criterion `c` doesn't say what a missing input earns (add a band `null: …`)"
    ],
    "scorecard: {total: s, criteria: {c: {input: x, bands: {'-': 0, null: many}}}}\n": [
        "4:70 P003 the points of a band of the criterion `c` must be a number, not `many`"
    ],
    "scorecard: {total: c, criteria: {c: {input: x, bands: {null: 0, '< a b': 1}}}}\n": [
        "4:34 P006 `c` is already the scorecard's total",
        "4:70 F001 `b` is not expected here",
    ],
    "scorecard: {total: s, criteria: {c: {input: x, bands: {}}}}\n": ["4:55 P016 the bands of the criterion `c`"],
    # tables
    "table: {rows: []}\n": ["4:15 P016 `rows` of the table must not be empty"],
    "table: {hit: uniqe, rows: [{when: {}, then: {a: 1}}]}\n": ["4:14 P007 `uniqe` is not a hit policy"],
    "table: {rows: [{when: x, then: {a: 1}}]}\n": ["4:23 P003 a row's `when` must be tests by column, not `x`"],
    "table: {rows: [{when: {}, then: 1}]}\n": ["4:33 P003 a row's `then` must be outputs by name"],
    "table: {rows: [{when: {}, then: {}}]}\n": ["4:33 P016 a row's `then` must not be empty"],
    "table: {rows: [{when: {}, then: {a: [1]}}]}\n": ["4:37 P003 the output `a` must be one value, not a list"],
    "table: {rows: [{when: {}, then: {a: }}]}\n": ["4:37 P003 the output `a` has no value"],
    "table: {rows: [{when: {}, then: {a: '=  1 +'}}]}\n": ["4:44 F001 the expression ends too early"],
    "table: {rows: [{when: {}, then: {a: '='}}]}\n": ["4:39 F002 the output `a` is empty"],
    "table: {rows: [{when: {x: }, then: {a: 1}}]}\n": [
        "4:27 F002 the cell for `x` is empty (write `null` for a missing"
    ],
    "table: {rows: [{when: {x: net 15}, then: {a: 1}}]}\n": ["""4:31 F001 `15` is not expected here""", "'\"net 15\"'"],
    "table: {rows: [{when: {x: {a: 1}}, then: {a: 1}}]}\n": ["4:27 P003 the cell for `x` must be a unary test"],
    "table: {rows: [{when: {x: []}, then: {a: 1}}]}\n": ["4:27 P016 the list of the cell for `x` is empty"],
    "table:\n  rows:\n    - when:\n        x:\n          - A\n          - '> )'\n          - '-'\n"
    "      then: {a: 1}\n": [
        "9:16 F001 `)` is not expected here",
        "10:13 F001 `-` means any value and can't be one of several",
    ],
    "table: {rows: [{when: {x: [A, [B]]}, then: {a: 1}}]}\n": ["4:31 P003 an item of the cell for `x` must be a unary"],
    "table: {rows: [{when: {x: [[B]]}, then: {a: 1}}]}\n": [
        "4:28 P003 an item of the cell for `x` must be a unary test"
    ],
    "table: {rows: [{when: {x: [A == B]}, then: {a: 1}}]}\n": ["4:30 F001 `==` is not an operator"],
    "table: {rows: [5, {when: {}, then: {a: 1}}]}\n": ["4:16 P003 a row must be a group"],
    "table: 5\n": ["4:8 P003 the table must be a group"],
    "table: {rows: [{when: {x +: 1}, then: {a: 1}}]}\n": ["4:27 F001 the expression ends too early"],
    "table: {rows: [{id: a, when: {}, then: {a: 1}}, {id: a, when: {}, then: {a: 1}}]}\n": [
        "4:54 P006 `a` is already the id of the row at rules/p.yaml:4:16"
    ],
    "table: {rows: [{id: 1, when: {}, then: {a: 1}}]}\n": ["4:21 P004 `1` is not a row's id"],
    "table: {rows: [{when: {}, then: {a: 1, b: 1}}, {when: {}, then: {a: 1}}]}\n": [
        "4:48 P019 row `2` of the table doesn't give `b` (write `b: …`; `null` if there is nothing to give)"
    ],
    "table:\n  rows:\n" + "    - {when: {}, then: {terms: 1}}\n" * 3 + "    - {when: {}, then: {trems: 1}}\n": [
        "9:25 P019 `trems` is not an output of the other rows of the table (did you mean `terms`?)"
    ],
    "table: {outputs: {a: mony}, rows: [{when: {}, then: {a: 1}}]}\n": ["4:22 P007 `mony` is not a type"],
    "table: {outputs: {a: money}, rows: [{when: {}, then: {a: '5'}}]}\n": ["4:58 P015 `5` is not a number"],
    "table: {outputs: {a: {order: [x, y]}}, hit: priority, rows: [{when: {}, then: {a: z}}]}\n": [
        "4:80 P020 `z` is not in the order of `a`"
    ],
    "table: {hit: output-order, rows: [{when: {}, then: {a: z}}]}\n": [
        "4:14 P020 hit policy `output-order` needs an output with an `order`"
    ],
    "table: {outputs: {a: {type: enum, members: [x, y], order: [x, z]}}, rows: [{when: {}, then: {a: x}}]}\n": [
        "4:59 P020 the order of the output `a` has `z`, which is not a member",
        "4:59 P020 the order of the output `a` lacks `y`",
    ],
    "tables: {One: {rows: [{when: {}, then: {a: 1}}]}}\n": ["4:10 P004 `One` is not a table's name", "write `one`"],
    "tables: {x: {rows: [{when: {}, then: {a: 1}}]}, y: {rows: [{when: {}, then: {a: 1}}]}}\n": [
        "4:78 P006 `a` is already a table output at rules/p.yaml:4:39"
    ],
    "table: {rows: [{when: {}, then: {a: 1}}]}\ntables: {y: {rows: [{when: {}, then: {b: 1}}]}}\n": [
        "5:9 P022 a policy has `table` or `tables`, not both"
    ],
    # rules
    "rules: {a: }\n": ["4:12 P003 the rule `a` must be a group"],
    "rules: {a: {then: hold}}\n": [
        "4:9 P002 the rule `a` has no `reason`",
        "4:9 P002 the rule `a` has no `when`",
    ],
    f"rules: {{Big_One: {{when: true, then: hold, reason: {REASON}}}}}\n": ["4:9 P004 `Big_One` is not a rule's id"],
    f"rules: {{a: {{when: 5, then: hold, reason: {REASON}}}}}\n": [
        "4:19 P003 `when` of the rule `a` must be a condition"
    ],
    f"rules: {{a: {{when: [], then: hold, reason: {REASON}}}}}\n": [
        "4:19 P016 `when` of the rule `a` must not be empty"
    ],
    f"rules: {{a: {{when: {{x: 1}}, then: hold, reason: {REASON}}}}}\n": ["4:19 P003", "between quotes"],
    f"rules: {{a: {{when: [x > 1, x >], then: hold, reason: {REASON}}}}}\n": [
        "4:30 F001 the expression ends too early"
    ],
    f"rules: {{a: {{when: true, then: holdd, reason: {REASON}}}}}\n": [
        "4:31 P008 `holdd` is not an outcome for orders (did you mean `hold`?)"
    ],
    f"rules: {{a: {{when: true, then: [hold], reason: {REASON}}}}}\n": ["4:31 P003 `then` must be one of `approve`"],
    f"rules: {{a: {{when: true, then: restrict, reason: {REASON}}}}}\n": [
        "4:31 P008 `restrict` is not an outcome for orders"
    ],
    f"rules: {{a: {{when: true, then: hold, if_missing: approve, reason: {REASON}}}}}\n": [
        "4:49 P009 `approve` is not possible for `if_missing` (write `ignore` or `hold`"
    ],
    f"rules: {{a: {{when: true, then: approve, conditions: {{x: 1}}, reason: {REASON}}}}}\n": [
        "4:52 P021 the rule `a` has `conditions`, but its outcome is `approve`"
    ],
    f"rules: {{a: {{when: true, then: hold, conditions: {{X: 1 +}}, reason: {REASON}}}}}\n": [
        "4:50 P004 `X` is not a condition's name",
        "4:56 F001 the expression ends too early",
    ],
    "rules: {a: {when: true, then: hold, reason: {en: a}}}\n": [
        "4:45 P010 the reason of the rule `a` has no Chinese text"
    ],
    "rules: {a: {when: true, then: hold, reason: {en: '', zh: }}}\n": [
        "4:50 P010 the English text of the reason of the rule `a` is empty",
        "4:58 P010 the Chinese text of the reason of the rule `a` is empty",
    ],
    "rules: {a: {when: true, then: hold, reason: {en: a, zh: b, de: c}}}\n": ["4:60 P001 `de` is not a key"],
    'rules: {a: {when: true, then: hold, reason: {en: "a {x", zh: "b}"}}}\n': [
        "4:53 P011 `{x` has no `}` after it",
        "4:64 P011 `}` has no `{` before it",
    ],
    'rules: {a: {when: true, then: hold, reason: {en: "a { }", zh: "b {x y}"}}}\n': [
        "4:55 F002 the text between the braces is empty",
        "4:69 F001 `y` is not expected here",
    ],
}


def diagnostics(text: str) -> tuple[str, ...]:
    document, mistakes = read(text, "rules/p.yaml")
    assert document and not mistakes
    return tuple(str(found).removeprefix("rules/p.yaml:").replace(": ", " ", 1) for found in read_policy(document)[1])


def policy(text: str) -> Policy:
    document, mistakes = read(HEAD + text, "p.yaml")
    assert document and not mistakes
    found, mistakes = read_policy(document)
    assert not mistakes
    assert found
    return found


@pytest.mark.parametrize("text", BAD)
def test_a_mistake_is_said_where_it_stands(text: str) -> None:
    found = diagnostics(HEAD + text)
    expected = [line for line in BAD[text] if line[0].isdigit()]
    assert len(found) == len(expected), found
    for line in expected:
        assert any(one.startswith(line) for one in found), found
    for fragment in set(BAD[text]) - set(expected):
        assert fragment in found[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("policy: Orders\n", ["1:1 P002 a policy has no `decides`", "1:1 P002 a policy has no `title`"]),
        ("policy: order\ntitle: {en: a, zh: b}\ndecides: ordr\n", ["1:9 P005 `order` is a group", "3:10 P007 `ordr`"]),
        ("polcy: a\n", ["1:1 P001 `polcy` is not a key of a policy (did you mean `policy`?)"]),
        (HEAD, ["1:1 P016 the policy says nothing"]),
        (
            HEAD.replace("order\n", "account\n")
            + f"rules: {{a: {{when: true, then: watch, if_missing: hold, conditions: {{x: 1}}, reason: {REASON}}}}}\n",
            ["4:50 P009 `hold` is not possible", "4:68 P021 only the rules of orders have `conditions`"],
        ),
    ],
)
def test_mistakes_in_what_names_a_policy(text: str, expected: list[str]) -> None:
    found = diagnostics(text)
    for line in expected:
        assert any(one.startswith(line) for one in found), found


def test_all_mistakes_come_at_once_and_in_order() -> None:
    text = "".join(text for text in ("values: {a: 1 +}\n", "rules: {A: {when: true}}\n", "tabel: 1\n"))
    assert [line.split()[1] for line in diagnostics(HEAD + text)] == ["F001", "P002", "P002", "P004", "P001"]


def test_every_code_of_this_reader_is_tested() -> None:
    tested = {line.split()[1] for lines in BAD.values() for line in lines if line[0].isdigit()}
    elsewhere = {code for code in CODES if code.startswith(("P03", "P04"))}  # test_read_vocabulary, test_read_cases
    assert CODES - tested == elsewhere


def test_an_unfit_output_name_is_said_once_a_table() -> None:
    rows = "".join("    - {when: {}, then: {order: 1, a: 1}}\n" for _ in range(5))
    assert len(diagnostics(f"{HEAD}table:\n  rows:\n{rows}")) == 1


def test_rules_with_mistakes_are_left_out_so_that_the_rest_can_be_checked() -> None:
    rules = (
        f"rules:\n  a: {{when: true, then: hold, reason: {REASON}}}\n  b: {{when: x >, then: hold, reason: {REASON}}}\n"
    )
    document, _ = read(HEAD + rules, "p.yaml")
    assert document
    found, mistakes = read_policy(document)
    assert found and list(found.rules) == ["a"]
    assert len(mistakes) == 1


# --- what sound parts mean -------------------------------------------------------------------------------------------


def test_parameters_in_all_three_forms() -> None:
    found = policy(
        "parameters:\n  a: 3\n  b: {2026-01-01: 0.10, 2026-07-01: 0.05}\n"
        "  c: {type: money, title: {en: C, zh: 丙}, note: {en: n, zh: n}, values: {2026-01-01: 50}}\n"
        "  d: {type: date, value: 2026-03-01}\n"
    ).parameters
    assert [value.value for value in found["a"].values] == [Decimal(3)]
    assert found["a"].values[0].since is None
    assert [(value.since, value.value) for value in found["b"].values] == [
        (date(2026, 1, 1), Decimal("0.10")),
        (date(2026, 7, 1), Decimal("0.05")),
    ]
    assert found["c"].title == Text("C", "丙")
    assert found["c"].type and found["c"].type.word == "money"
    assert found["d"].values[0].value == "2026-03-01"


def test_members_are_a_list_or_have_titles_and_alone_make_an_enum() -> None:
    titled = "{x: {en: X, zh: 甲}, net 30, 'y': }"
    found = policy(
        f"parameters:\n  a: {{type: enum, members: [x], value: x}}\n  b: {{members: {titled}, value: x}}\n"
        f"values: {{c: {{formula: a, type: {{type: enum, members: {titled}}}}}}}\n"
        f"table: {{outputs: {{d: {{members: {titled}}}}}, rows: [{{when: {{}}, then: {{d: net 30}}}}]}}\n"
    )
    plain = found.parameters["a"].type
    assert plain and (plain.members, plain.titles) == (("x",), ())
    for type_ in (found.parameters["b"].type, found.values["c"].type, found.tables["table"].outputs[0].type):
        assert type_ and type_.word == "enum"
        assert type_.members == ("x", "net 30", "y")
        assert type_.titles == (("x", Text("X", "甲")),)


def cell(text: str) -> Expression:
    return (
        policy(f"table: {{rows: [{{when: {{x: {text}}}, then: {{a: 1}}}}]}}\n").tables["table"].rows[0].cells[0].tests
    )


def tree_of(text: str) -> syntax.UnaryTests:
    tree = cell(text).tree
    assert isinstance(tree, syntax.UnaryTests)
    return tree


@pytest.mark.parametrize(
    ("plain", "feel"),
    [
        ("5", "'5'"),
        ("-5", "'-5'"),
        ("true", "'true'"),
        ("null", "'null'"),
        ("-", "'-'"),
        ("A", "'A'"),
        ("[A, B]", "'A, B'"),
    ],
)
def test_a_plain_cell_means_the_same_as_its_feel(plain: str, feel: str) -> None:
    assert cell(plain).tree == cell(feel).tree


def test_a_tilde_is_null() -> None:
    assert isinstance(tree_of("~").tests[0], syntax.Null)


def test_each_item_of_a_list_keeps_its_place() -> None:
    found = cell('[A, "> 5", null, "not(B, C)"]')
    assert isinstance(found.tree, syntax.UnaryTests)
    kinds = [type(test) for test in found.tree.tests]
    assert kinds == [syntax.Name, syntax.Interval, syntax.Null, syntax.Call]
    assert [found.place_of(test).column for test in found.tree.tests] == [28, 32, 38, 45]
    assert [found.text_of(test) for test in found.tree.tests] == ["A", "> 5", "null", "not(B, C)"]


def test_not_among_alternatives_denies_only_its_own_tests() -> None:
    call = tree_of('[A, "not(B)"]').tests[1]
    assert isinstance(call, syntax.Call)
    inner = call.arguments[0]
    assert isinstance(inner, syntax.In)
    assert inner.value == syntax.Name(name="?", start=call.start, end=call.end)
    assert not inner.tests.negated


def test_outputs_are_literals_words_formulas_or_null() -> None:
    row = policy('table: {rows: [{when: {}, then: {a: 1, b: 2/10 net 60, c: "= x * 2", d: null, e: true}}]}\n')
    cells = {cell.name: cell.content for cell in row.tables["table"].rows[0].outputs}
    formula = cells.pop("c")
    assert cells == {"a": Decimal(1), "b": "2/10 net 60", "d": None, "e": True}
    assert isinstance(formula, Expression)
    assert formula.text == "x * 2"
    assert formula.place == Place("p.yaml", 4, 62)


def test_templates_keep_text_and_formulas_apart() -> None:
    text = 'a {{b}} {if x = "}" then {c: 1}.c else 2} d{y}'
    rule = policy(f"rules: {{r: {{when: true, then: hold, reason: {{en: '{text}', zh: 无}}}}}}\n").rules["r"]
    parts = rule.reason.en.parts
    assert [part if isinstance(part, str) else part.text for part in parts] == [
        "a {b} ",
        'if x = "}" then {c: 1}.c else 2',
        " d",
        "y",
    ]
    assert rule.reason.zh.parts == ("无",)


def test_conditions_remedy_and_if_missing() -> None:
    rule = policy(
        "rules: {r: {when: [x > 1, true], then: approve_with_conditions, if_missing: ignore, title: {en: t, zh: t}, "
        "reason: {en: a, zh: b}, remedy: {en: c, zh: d}, conditions: {deposit: order.amount * 0.3, days: 5}}}\n"
    ).rules["r"]
    assert len(rule.when) == 2
    assert rule.if_missing and rule.if_missing.text == "ignore"
    assert rule.remedy and rule.remedy.en.parts == ("c",)
    assert [condition.name for condition in rule.conditions] == ["deposit", "days"]


def test_a_table_without_a_hit_policy_is_unique() -> None:
    table = policy("table: {rows: [{when: {}, then: {a: 1}}]}\n").tables["table"]
    assert table.hit.value == "unique"
    assert [output.name for output in table.outputs] == ["a"]


def test_a_null_band_may_be_written_among_other_tests() -> None:
    found = policy("scorecard: {total: s, criteria: {c: {input: x, bands: {'< 1, null': 0, '>= 1': 5}}}}\n").scorecard
    assert found and [band.points for band in found.criteria[0].bands] == [0, 5]


# --- anything at all -------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["policy", "title", "decides", "parameters", "values", "scorecard", "table", "tables", "rules", "when", "then"]
    + ["reason", "en", "zh", "rows", "hit", "outputs", "type", "members", "order", "formula", "criteria", "bands"]
    + ["input", "total", "conditions", "if_missing", "remedy", "id", "a", "enum", "money", "value", "hold", "orders"]
    + ["'> 5'", "'{x'", "5", "-1.5", "true", "null", "~", "2026-01-01", "priority", "'= 1'", "''", "'x +'", "'-'"]
)
YAML = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(WORDS, inner, max_size=5).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        ),
    ),
    max_leaves=40,
)
PARTS = st.dictionaries(WORDS, YAML, max_size=9).map(
    lambda entries: "".join(f"{key}: {value}\n" for key, value in entries.items())
)


@settings(max_examples=400, deadline=None)
@given(PARTS, st.booleans())
@example("table: {rows: [{when: {a: ['not(a)', ~]}, then: {a: =}}]}\n", True)
def test_any_yaml_gives_a_policy_or_diagnostics(text: str, headed: bool) -> None:
    document, _ = read(HEAD + text if headed else text, "p.yaml")
    if document is None:
        return
    found, mistakes = read_policy(document)
    assert found is not None or mistakes
    assert {mistake.code for mistake in mistakes} <= CODES


# --- what was meant --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("=> 100", "write `>=`"),
        ("> 5 and < 10", "write `(5..10)`"),
        ("< 10 and >= 5", "write `[5..10)`"),
        ("0-1000", "`0-1000` is a subtraction, write `[0..1000]`"),
        (">= 2026-07-01", '`2026-07-01` is a subtraction, write `date("2026-07-01")`'),
        ("10,000", "write `10000`, without separators"),
        ("> 10,500", "write `10500`, without separators; `10, 500` for several values"),
        ("> 1000,50", "decimals need a point, write `1000.50`; `1000, 50` for several values"),
        ("€10000", "write the number alone; the fact's type gives the currency"),
        ("< 6 months", "write `6`; the fact's type gives the unit"),
        ("5%", "write `0.05`"),
        ("is null", "write `= null`"),
        ("AND(? > 5, ? < 10)", "`AND(…)` is not FEEL, write `a and b`"),
    ],
)
def test_a_cell_written_for_another_tool(cell: str, advice: str) -> None:
    document, _ = read(HEAD + f"table: {{rows: [{{when: {{a: '{cell}'}}, then: {{b: 1}}}}]}}\n", "p.yaml")
    assert document
    (mistake,) = read_policy(document)[1]
    assert mistake.code == "F001"
    assert mistake.message.endswith(advice)


@pytest.mark.parametrize(
    "cell", ["100, 200", "100,200", "< 10, 500", "[0..1000]", "-5", "(5..10)", "? - 5 > 1", "a - 5", '"10,000", "€5"']
)
def test_a_sound_cell_gives_no_advice(cell: str) -> None:
    policy(f"table: {{rows: [{{when: {{a: '{cell}'}}, then: {{b: 1}}}}]}}\n")
