"""`credence schema` prints what editors underline by, and the committed files are what it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.support.command_line import CASES, FACTS, MAP, ORDERS, credence, desk
from tests.support.paths import ROOT, RULES


@pytest.mark.parametrize("subject", ["policy", "facts", "cases", "map", "history", "request"])
def test_the_committed_schema_is_what_the_command_prints(subject: str) -> None:
    result = credence("schema", subject, "--rules", RULES)

    assert result.exit_code == 0
    committed = (ROOT / "schema" / f"{subject}.schema.json").read_text(encoding="utf-8")
    assert committed == result.stdout, "run `credence schema --write schema`"
    jsonschema.Draft202012Validator.check_schema(json.loads(committed))


def test_all_schemas_are_written_to_a_folder(tmp_path: Path) -> None:
    result = credence("schema", "--write", tmp_path / "new", "--rules", RULES)

    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        f"{subject}.schema.json"
        for subject in (
            "cases",
            "exceptions",
            "facts",
            "history",
            "invariants",
            "list",
            "map",
            "policy",
            "request",
            "retention",
        )
    ]


def test_mistakes_in_policies_keep_nobody_from_a_schema(tmp_path: Path) -> None:
    """Whoever mends a policy needs it most."""
    rules = desk(tmp_path / "rules")
    (rules / "orders.yaml").write_text(ORDERS.replace("order.amount", "order.amout"), encoding="utf-8")
    printed = credence("schema", "request", "--rules", rules)
    assert (printed.exit_code, json.loads(printed.stdout)["title"]) == (0, "The facts of one case")
    (rules / "facts.yaml").write_text(FACTS.replace("EUR", "EURO"), encoding="utf-8")
    refused = credence("schema", "--rules", rules)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "P030 `EURO` is not a currency" in refused.stderr


def _validator(subject: str) -> Any:
    text = (ROOT / "schema" / f"{subject}.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


class _Plain(yaml.SafeLoader):
    """As editors read YAML 1.2: dates are text, `yes` is a word."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(("timestamp", "bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), ["t", "f"])


@pytest.mark.parametrize(
    ("subject", "text"),
    [("policy", ORDERS), ("cases", CASES), ("map", MAP)],
    ids=["policy", "cases", "map"],
)
def test_what_checks_is_not_underlined(subject: str, text: str) -> None:
    document = yaml.load(text, _Plain)

    assert [error.message for error in _validator(subject).iter_errors(document)] == []


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("invoice.id: {column: No}", "invoice.idd: {column: No}"),
        ("invoice.id: {column: No}", "invoice.id: {colum: No}"),
        ("invoice.id: {column: No}", "invoice.id: {column: No, formula: 1}"),
        ("case: invoice", "case: invoce"),
        ("type: date", "type: dat"),
    ],
)
def test_a_mistake_in_a_map_is_underlined(written: str, instead: str) -> None:
    document = yaml.load(MAP.replace(written, instead), _Plain)

    assert list(_validator("map").iter_errors(document))


def test_a_request_is_described(tmp_path: Path) -> None:
    request = {"order": {"id": "SO-1", "amount": "12.50"}, "account": {"id": "C-1"}}

    assert list(_validator("request").iter_errors(request)) == []
    assert list(_validator("request").iter_errors({**request, "order": {"id": "SO-1", "amount": 12.5}}))
