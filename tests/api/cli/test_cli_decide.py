"""`credence decide` and `credence explain` answer for one case, in both languages, from JSON, YAML, stdin or a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import credence, desk
from tests.support.paths import RULES
from tests.support.patience import PATIENCE

LARGE = '{"case":"order","as_of":"2026-07-01","order":{"id":"SO-1","amount":"12000.00"},"account":{"id":"C-1"}}'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return desk(tmp_path / "rules")


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_decision_readable_by_a_person(tmp_path: Path, rules: Path) -> None:
    result = credence("decide", _file(tmp_path, "o.json", LARGE), "--rules", rules)

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "HOLD"
    assert lines[1].startswith("order SO-1 · as of 2026-07-01 · policies ")
    assert lines[2:12] == [
        "",
        "Conditions",
        "  deposit  EUR 2,000.00",
        "",
        "Reasons",
        "  1. hold  EUR 12,000.00 is above EUR 10,000.00.  orders.over-limit  rules/orders.yaml:7:3",
        "     to pass: Ask for at most EUR 10,000.00.",
        "       Order value   EUR 12,000.00",
        "       orders.limit  EUR 10,000.00",
        "",
    ]
    assert "  orders.insolvent  missing: account.insolvent (the policy says that it doesn't matter)" in lines


def test_a_decision_in_chinese(tmp_path: Path, rules: Path) -> None:
    result = credence("decide", _file(tmp_path, "o.json", LARGE), "--rules", rules, "--lang", "zh")

    lines = result.stdout.splitlines()
    assert lines[0] == "信用冻结"
    assert "  1. 信用冻结  EUR 12,000.00 超过 EUR 10,000.00。  orders.over-limit  rules/orders.yaml:7:3" in lines
    assert "     放行条件： 请勿超过 EUR 10,000.00。" in lines


def test_what_is_to_be_done_is_shown_in_both_languages(tmp_path: Path, rules: Path) -> None:
    policy = rules / "orders.yaml"
    said = "    action: {do: notify_insurer, by: as_of + 30, amount: order.amount - limit}\n"
    text = policy.read_text(encoding="utf-8").replace("  insolvent:\n", f"{said}  insolvent:\n")
    text = text.replace("    if_missing: ignore\n", "    if_missing: ignore\n    action: call_broker\n")
    policy.write_text(text, encoding="utf-8")
    own = "actions: {call_broker: {en: call the broker, zh: 联系保险经纪}}\n...\n"
    facts = (rules / "facts.yaml").read_text(encoding="utf-8").removesuffix("...\n")
    (rules / "facts.yaml").write_text(facts + own, encoding="utf-8")
    body = json.loads(LARGE)
    body["account"]["insolvent"] = True
    asked = _file(tmp_path, "o.json", json.dumps(body)), "--rules", rules

    lines = credence("decide", *asked).stdout.splitlines()
    at = lines.index("To do")
    assert lines[at + 1 : at + 4] == [
        "  call the broker                                  orders.insolvent",
        "  notify the insurer  by 2026-07-31  EUR 2,000.00  orders.over-limit",
        "",
    ]
    chinese = credence("decide", *asked, "--lang", "zh").stdout.splitlines()
    at = chinese.index("待办事项")
    assert chinese[at + 1].split() == ["联系保险经纪", "orders.insolvent"]
    to_do = ["向保险公司通报逾期", "2026年7月31日（含）前", "EUR", "2,000.00", "orders.over-limit"]
    assert chinese[at + 2].split() == to_do
    decision = json.loads(credence("decide", *asked, "--json").stdout)
    assert [each["action"] for each in decision["actions"]] == ["call_broker", "notify_insurer"]
    explained = credence("explain", *asked).stdout
    assert "; to do: notify the insurer, by 2026-07-31, EUR 2,000.00" in explained
    explained = credence("explain", *asked, "--lang", "zh").stdout
    assert "；待办事项：向保险公司通报逾期、2026年7月31日（含）前、EUR 2,000.00" in explained


def test_members_are_shown_by_their_titles_and_stay_words_in_json(tmp_path: Path, rules: Path) -> None:
    policy = rules / "orders.yaml"
    text = policy.read_text(encoding="utf-8")
    security = "{members: {none: {en: nothing, zh: 无}, bond: {en: bank bond, zh: 银行保函}}}"
    table = f"table:\n  outputs: {{security: {security}}}\n  rows: [{{when: {{}}, then: {{security: bond}}}}]\n"
    text = text.replace("when: order.amount > limit", 'when: [order.amount > limit, security = "bond"]')
    policy.write_text(text.replace("rules:\n", f"{table}rules:\n"), encoding="utf-8")
    order = _file(tmp_path, "o.json", LARGE)

    assert "  orders.security  bank bond" in credence("decide", order, "--rules", rules).stdout
    assert "  orders.security  银行保函" in credence("decide", order, "--rules", rules, "--lang", "zh").stdout
    assert "orders.security = 银行保函" in credence("explain", order, "--rules", rules, "--lang", "zh").stdout
    decision = json.loads(credence("decide", order, "--rules", rules, "--json").stdout)
    assert decision["results"]["orders"]["security"] == "bond"


def test_the_same_case_as_json_yaml_and_stdin_gives_the_same_bytes(tmp_path: Path, rules: Path) -> None:
    yaml = "case: order\nas_of: 2026-07-01\nfacts:\n  order: {id: SO-1, amount: 12000.00}\n  account: {id: C-1}\n"
    plain = LARGE.replace('"12000.00"', "12000.00")

    answers = {
        credence("decide", _file(tmp_path, "o.json", LARGE), "--rules", rules, "--json").stdout,
        credence("decide", _file(tmp_path, "o.yaml", yaml), "--rules", rules, "--json").stdout,
        credence("decide", "-", "--rules", rules, "--json", stdin=plain.encode()).stdout,
        credence("decide", "-", "--rules", rules, "--json", stdin=yaml.encode()).stdout,
    }

    assert len(answers) == 1
    decision = json.loads(answers.pop())
    assert decision["outcome"] == "hold"
    assert decision["reasons"][0]["place"] == "rules/orders.yaml:7:3"  # wherever the folder is


def test_options_override_what_the_file_says(tmp_path: Path, rules: Path) -> None:
    result = credence("decide", _file(tmp_path, "o.json", LARGE), "--rules", rules, "--json", "--as-of", "2027-01-02")

    assert json.loads(result.stdout)["as_of"] == "2027-01-02"


def test_one_test_of_a_cases_file(rules: Path) -> None:
    cases = rules / "cases" / "orders.yaml"

    result = credence("decide", cases, "--test", "large-order-waits", "--rules", rules, "--json")

    assert json.loads(result.stdout)["outcome"] == "hold"


def test_the_case_kind_follows_from_the_facts(tmp_path: Path, rules: Path) -> None:
    text = '{"invoice": {"id": "1", "open_amount": "5.00", "due_date": "2026-01-01"}, "account": {"id": "C-1"}}'

    result = credence("decide", _file(tmp_path, "i.json", text), "--rules", rules, "--as-of", "2026-02-01", "--json")

    assert json.loads(result.stdout)["outcome"] == "email"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", LARGE.replace("amount", "amout"), "order.amout: unknown fact (did you mean `order.amount`?)"),
        ("a.json", LARGE.replace('"12000.00"', '"12,000.00"'), "order.amount: is not a plain decimal number"),
        ("a.json", LARGE.replace('"order"', '"ordre"', 1), "`ordre` is not a case kind (did you mean `order`?)"),
        ("a.json", LARGE.replace("2026-07-01", "2026-02-30"), "`as_of` must be a date"),
        ("a.json", LARGE[:-1], "a.json: is not JSON: "),
        ("a.json", LARGE.replace('"id":"SO-1"', '"id":"SO-1","id":"SO-2"'), "holds the key `id` twice"),
        ("a.json", LARGE.replace('"12000.00"', "NaN"), "holds NaN, which is not JSON"),
        ("a.json", LARGE.replace('"12000.00"', "1e400"), "order.amount: is not a plain decimal number"),
        ("a.json", "[1]", "is not a JSON object"),
        ("a.json", "[" * 100_000, "is JSON nested too deeply"),
        ("a.json", "[" * 101 + "]" * 101, "is JSON nested too deeply"),
        ("a.json", LARGE.replace('"case"', '"kase"'), "`kase` is not a key of a case (did you mean `case`?)"),
        ("a.json", "{}", "doesn't say what kind of case it is"),
        ("a.yaml", "case: order\norder: [1", "a.yaml:2:8: Y040"),
        ("a.yaml", "case: order\nuse: small", "fixtures stand in the cases file"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_words(
    tmp_path: Path, rules: Path, name: str, text: str, said: str
) -> None:
    result = credence("decide", _file(tmp_path, name, text), "--rules", rules)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_cases_file_without_test_names_one(rules: Path) -> None:
    result = credence("decide", rules / "cases" / "orders.yaml", "--rules", rules)

    assert result.exit_code == 2
    assert "holds 2 tests; choose one with --test, such as small-order-passes" in result.stderr


def test_a_name_that_no_test_has_is_said_with_one_that_fits_or_is_there() -> None:
    """Of the default policies' many tests: they can't all be listed."""
    near = credence("decide", RULES / "cases" / "orders.yaml", "--test", "ordinry-order-of-a", "--rules", RULES)
    far = credence("decide", RULES / "cases" / "orders.yaml", "--test", "xyzzy", "--rules", RULES)

    assert (near.exit_code, far.exit_code) == (2, 2)
    assert "has no test `ordinry-order-of-a` (did you mean `ordinary-order-of-a`?)" in near.stderr
    assert "has no test `xyzzy` (it holds" in far.stderr


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path, rules: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"order": {"id": "\xe4"}}')

    result = credence("decide", tmp_path / "a.json", "--rules", rules)

    assert (result.exit_code, "is not UTF-8" in result.stderr) == (2, True)


def test_broken_rules_decide_nothing(tmp_path: Path, rules: Path) -> None:
    (rules / "orders.yaml").write_text("policy: orders\n", encoding="utf-8")

    result = credence("decide", _file(tmp_path, "o.json", LARGE), "--rules", rules)

    assert result.exit_code == 1
    assert "P002" in result.stderr and "the policies have mistakes" in result.stderr


def test_explain_shows_why_a_rule_fired(tmp_path: Path, rules: Path) -> None:
    result = credence("explain", _file(tmp_path, "o.json", LARGE), "--rules", rules, "--rule", "over-limit")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-4:] == [
        "  ✓ orders.over-limit  fired → hold (decides the outcome)  rules/orders.yaml:7:3",
        "      ✓ true: order.amount > limit",
        "          order.amount = EUR 12,000.00  Order value",
        "          orders.limit = EUR 10,000.00",
    ]
    assert "insolvent" not in result.stdout


def test_explain_of_a_whole_case_in_chinese_and_as_json(tmp_path: Path, rules: Path) -> None:
    file = _file(tmp_path, "o.json", LARGE)

    chinese = credence("explain", file, "--rules", rules, "--lang", "zh").stdout
    data = json.loads(credence("explain", file, "--rules", rules, "--json").stdout)

    assert "  ? orders.insolvent  无法判断 → 忽略" in chinese
    assert "account.insolvent" in data["not_given"]
    assert [rule["fired"] for rule in data["policies"][0]["rules"]] == [True, None]


def test_explain_of_a_rule_that_is_not_there(tmp_path: Path, rules: Path) -> None:
    result = credence("explain", _file(tmp_path, "o.json", LARGE), "--rules", rules, "--rule", "over-limt")

    assert result.exit_code == 2
    assert "did you mean `orders.over-limit`?" in result.stderr


def test_the_installed_command_reads_stdin_and_writes_utf8(rules: Path) -> None:
    """A real process, in a locale that knows no Chinese."""
    command = [sys.executable, "-m", "api.cli", "decide", "-", "--rules", str(rules), "--lang", "zh"]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "LC_ALL": "C"}

    done = subprocess.run(
        command, input=LARGE.encode(), capture_output=True, env=environment, timeout=PATIENCE, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("信用冻结\n")


def test_a_terminal_that_knows_no_chinese_gets_escapes(rules: Path) -> None:
    command = [sys.executable, "-m", "api.cli", "decide", "-", "--rules", str(rules), "--lang", "zh"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(Path.cwd())}

    done = subprocess.run(
        command, input=LARGE.encode(), capture_output=True, env=environment, timeout=PATIENCE, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(rb"\u4fe1\u7528\u51bb\u7ed3")


@pytest.mark.parametrize("command", ["", "check", "test", "decide", "explain", "decide-file", "schema", "serve"])
def test_every_help_has_an_example_and_the_exit_codes(command: str) -> None:
    result = credence(*filter(None, (command, "--help")))

    assert result.exit_code == 0
    assert "credence " in result.stdout
    assert "Exit code" in result.stdout


NAIVE = '{"order":{"id":"SO-1","amount":"100.00"},"account":{"id":"C-1"}}'


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_missing_is_printed_once_and_those_that_wait_in_one_line(tmp_path: Path, lang: str) -> None:
    words = {
        "en": ("Reasons", "Missing", "rules can't be checked", "Prepaid order"),
        "zh": ("理由", "缺少的信息", "条规则无法检查", "款到发货"),
    }
    reasons, heading, waiting, title = words[lang]
    result = credence("decide", _file(tmp_path, "o.json", NAIVE), "--rules", RULES, "--case", "order", "--lang", lang)

    lines = result.stdout.splitlines()
    rows = lines[lines.index(heading) + 1 :]
    rows = rows[: rows.index("")]
    names = [row.split()[0] for row in rows]
    assert len(names) == len(set(names)) > 10
    assert any(row.split()[:1] == ["order.prepayment"] and title in row for row in rows)
    assert sum(title in row for row in rows) == 1
    first, after = lines[lines.index(reasons) + 1 :][:2]
    assert waiting in first and first.endswith("orders.security-missing, orders.prepayment-due") and after == ""
    assert len(lines) < 90


def test_an_approval_says_what_was_checked_and_what_is_left(tmp_path: Path) -> None:
    order = json.loads((RULES.parent / "docs" / "order.json").read_text("utf-8"))
    order["order"]["amount"] = "12000.00"
    file = _file(tmp_path, "o.json", json.dumps(order))

    lines = credence("decide", file, "--rules", RULES, "--case", "order").stdout.splitlines()
    figures = lines[lines.index("Figures") + 1 :]
    assert figures[:2] == [
        "  Headroom under the credit limit with tolerance  EUR 6,000.00",
        "  Left under the single-order maximum             EUR 88,000.00",
    ]
    passed = lines[lines.index("Checks passed") + 1]
    assert "Credit limit, " in passed and "Release in force" not in passed  # that rule could only let an order pass


def test_a_condition_is_called_by_its_title(tmp_path: Path) -> None:
    facts = json.loads(NAIVE)
    facts["order"]["prepayment"] = True
    facts["account"]["status"] = "active"
    file = _file(tmp_path, "o.json", json.dumps(facts))
    shown = {
        lang: credence("decide", file, "--rules", RULES, "--case", "order", "--lang", lang).stdout
        for lang in ("en", "zh")
    }
    assert "  Payment before delivery  EUR 100.00\n" in shown["en"]
    assert "  发货前货款  EUR 100.00\n" in shown["zh"]
