"""Whoever does what a hint says has a policy that checks: of cut values, of months and days, of words like formulas."""

from __future__ import annotations

import re

import pytest

from engine.pipeline import load
from tests.support.policy_files import whole_set
from tests.support.small_policies import HEAD, check

CUT = [
    "decimal(account.ratio, 2)",
    "max(account.cap, account.cap)",
    "if account.points in (1, 2) then 1 else 0",
    "date(2026, 7, 1)",
    'substring(account.word, 1, 2) = "x"',
    'account.word = "a, b"',
    'account.word = "a, (b, c"',
    "round half up(max(account.ratio, min(account.ratio, 2)), 1)",
    "account.points > 1 and account.points in (1, 2)",
    "between_values(1, 2)",
]
TEXTS = [
    "Too high, call us",
    "Limit, over",
    "a, b, c",
    "Grade E, D or unrated, from 2026 on",
    "10,000 is too much, really",
]
NUMBERS = {
    "1,000.00": "1000.00",
    "1,5": "1.5",
    "12,345,678": "12345678",
    "-1,5": "-1.5",
    "0,25": "0.25",
    "1,000": "1000",
}


def hint_of(line: str) -> str:
    return line[line.index("(put it between quotes: ") + len("(put it between quotes: ") : -1]


@pytest.mark.parametrize("formula", CUT)
@pytest.mark.parametrize("place", ["values: {a: {}}", "values: {a: {formula: {}}}", "values: {b: 1, a: {}, c: 2}"])
def test_a_formula_that_a_comma_cuts_is_to_be_quoted(formula: str, place: str) -> None:
    start, end = place.split("{}")
    found = check(f"{start}{formula}{end}\n")
    cut = [line for line in found if "Y014" in line]
    assert len(cut) == 1
    assert not [line for line in found if re.search(r": [YPF]\d", line) and "Y014" not in line]
    mended = check(f"{start}{hint_of(cut[0])}{end}\n")
    assert mended == [line for line in mended if "between_values" in line]


@pytest.mark.parametrize("condition", [formula for formula in CUT if "if" not in formula and "=" in formula])
def test_so_is_a_condition_in_a_list(condition: str) -> None:
    policy = "rules: {{r: {{when: [account.flag, {}], then: watch, reason: {{en: a, zh: 甲}}}}}}\n"
    (cut,) = check(policy.format(condition))
    assert "Y014 the comma ends the value here" in cut
    assert check(policy.format(hint_of(cut))) == []


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("place", ["en: {}, zh: 甲", "zh: 甲, en: {}"])
def test_so_is_a_text_for_readers(text: str, place: str) -> None:
    policy = "rules: {{r: {{when: account.flag, then: watch, reason: {{PLACE}}}}}}\n".replace("PLACE", place)
    (cut,) = check(policy.format(text))
    assert hint_of(cut) == f'"{text}"'
    assert check(policy.format(hint_of(cut))) == []


@pytest.mark.parametrize("written", NUMBERS)
@pytest.mark.parametrize("place", ["{value: {}, type: number}", "{type: number, value: {}}", "{2026-01-01: {}}"])
def test_a_number_is_told_how_it_is_written(written: str, place: str) -> None:
    policy = f"parameters: {{p: {place.replace('{}', written)}}}\nvalues: {{a: p}}\n"
    (cut,) = check(policy)
    assert "Y014 the comma ends the value here" in cut
    assert f"`{NUMBERS[written]}`" in cut
    assert check(policy.replace(written, NUMBERS[written])) == []


@pytest.mark.parametrize("key", ["max(account.points, 1)", "decimal(account.ratio, 1)", "min(account.points, 8, 9)"])
def test_so_is_a_key(key: str) -> None:
    policy = "table: {{hit: first, rows: [{{when: {{{}: 5}}, then: {{a: 1}}}}, {{when: {{}}, then: {{a: 2}}}}]}}\n"
    (cut,) = check(policy.format(key))
    assert hint_of(cut) == f'"{key}"'
    assert check(policy.format(hint_of(cut))) == []


@pytest.mark.parametrize("value", ['account.word in ["a", "b"]', "account.points in [1..5]", 'account.word = ("a")'])
def test_a_bracket_within_a_value_too(value: str) -> None:
    found = check(f"values: {{a: {value}}}\n")
    assert all("between quotes" in line for line in found)
    assert check(f"values: {{a: '{value}'}}\n") == []


def test_lists_of_words_stay_lists() -> None:
    """What is no piece of a value: members, ids, keys of which the value was forgotten."""
    assert check("parameters: {p: {type: enum, members: [a, b c, d], value: a}}\nvalues: {a: p}\n") == []
    members = "{net 30, 2/10 net 60, x: {en: X, zh: 甲}}"
    table = f"table: {{outputs: {{a: {{members: {members}}}}}, rows: [{{when: {{}}, then: {{a: x}}}}]}}\n"
    assert [line for line in check(table) if "Y014" in line] == []
    (forgotten, *_) = check("parameters: {p: {value: 1, title}}\nvalues: {a: p}\n")
    assert "Y014" not in forgotten


@pytest.mark.parametrize("written", ["1..5", "-1..5", "1 .. 5", "0.5..2.5", "account.points..5", "3, 4..5"])
def test_a_range_without_brackets_or_in_those_of_yaml_is_told_how_to_be_written(written: str) -> None:
    """`[1..5]` without quotes is a list to YAML, with one entry."""
    rest = "{{when: {{}}, then: {{a: 2}}}}"
    table = (
        f"table: {{{{hit: first, rows: [{{{{when: {{{{account.ratio: {{}}}}}}, then: {{{{a: 1}}}}}}}}, {rest}]}}}}\n"
    )
    for cell in (f"[{written}]", *([written] if "," not in written else [])):
        (line,) = (line for line in check(table.format(cell)) if "F001" in line)
        quoted = re.search(r"between quotes, `(\"\[.*\]\")`", line)
        assert quoted, line
        assert [line for line in check(table.format(quoted[1])) if "L0" not in line] == []


# --- months and days -------------------------------------------------------------------------------------------------

DAYS = {
    "account.day + 1 month": 'duration("P1M")',
    "account.day + 3 months": 'duration("P3M")',
    "account.day + 2 Jahre": 'duration("P2Y")',
    "account.day + 2 quarters": 'duration("P6M")',
    "account.day + 2 weeks": "14",
    "account.day + 30 days": "30",
    "account.day + 3个月": 'duration("P3M")',
    "end of month(account.day)": "last day of month(…)",
    "last day of the month(account.day)": "last day of month(…)",
    "add months(account.day)": 'd + duration("P1M")',
    "eomonth(account.day)": "last day of month(d)",
    "EOMONTH(account.day)": "last day of month(d)",
    "last_day(account.day)": "last day of month(d)",
    "edate(account.day)": 'd + duration("P1M")',
    "month(account.day)": "d.month",
    "year(account.day)": "d.year",
    "weekday(account.day)": "d.weekday",
    "day of week(account.day)": "d.weekday",
    "quarter(account.day)": "ceiling(d.month / 3)",
    "datediff(account.day)": "later - earlier",
    "date and time(account.day)": 'date("2026-07-01")',
}


@pytest.mark.parametrize("written", DAYS)
def test_months_and_days_are_told_in_what_checks(written: str) -> None:
    (said,) = check(f"values: {{a: '{written}'}}\n")
    meant = DAYS[written]
    assert f"`{meant}`" in said or f"`{meant}" in said
    formula = meant.replace("…", "account.day").replace("later - earlier", "as_of - account.day")
    formula = re.sub(r"\bd\b(?!\()", "account.day", formula)
    if not formula.startswith(("account", "last", "ceiling", "date(", "as_of")):
        formula = f"account.day + {formula}"
    assert check(f"values: {{a: '{formula}'}}\n") == []


# --- words of enums that look like formulas --------------------------------------------------------------------------

WORDS = [
    "N/30",
    "A+",
    "2/10 net 30",
    "a b",
    "E&O",
    "a:b",
    "x,y",
    "été/2",
    "B-",
    "30 days net",
    "net-30",
    "n°5",
]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    "condition", ["account.code = {}", "account.flag and account.code != {}", "account.code in ({})"]
)
def test_a_word_that_looks_like_a_formula_is_told_to_be_quoted(word: str, condition: str) -> None:
    members = ", ".join(f'"{each}"' for each in WORDS)
    facts = (
        "currency: EUR\nfacts:\n"
        f"  account.code: {{type: enum, members: [{members}], title: {{en: Code, zh: 码}}}}\n"
        "  account.flag: {type: yes/no, title: {en: Flag, zh: 标志}}\n"
    )
    rule = "rules:\n  r:\n    when: '{}'\n    then: watch\n    reason: {{en: a, zh: 甲}}\n"
    for written, sound in ((word, False), (f'"{word}"', True)):
        policy = HEAD + rule.format(condition.format(written))
        found = [str(each) for each in load(whole_set({"p": policy}, facts)).diagnostics]
        assert (found == []) == sound, found
        assert sound or f'write "{word}", and the whole between single quotes' in found[0]


@pytest.mark.parametrize("cell", ["DE", '"DE"', "'DE'", '"DE, AT"', "[DE, AT]"])
def test_a_word_of_a_text_in_a_cell_is_told_how_to_be_quoted(cell: str) -> None:
    """Quotes around the cell are YAML's: whoever wrote `"DE"` has them, and the word still has none."""
    table = "table:\n  hit: first\n  outputs: {a: rate}\n  rows:\n    - {when: {account.word: CELL}, then: {a: 0.1}}\n"
    table += "    - {when: {}, then: {a: 0.2}}\n"
    found = [line for line in check(table.replace("CELL", cell)) if "N001" in line]
    words = [word for word in ("DE", "AT") if word in cell]
    assert len(found) == len(words)
    for word, line in zip(words, found, strict=True):
        assert f"(put quotes within the quotes, '\"{word}\"', if it is a word" in line
    quoted = "'" + ", ".join(f'"{word}"' for word in words) + "'"
    assert not [line for line in check(table.replace("CELL", quoted)) if "W" not in line.split()[1]]
