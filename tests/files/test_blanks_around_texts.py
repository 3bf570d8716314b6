"""No two ids look alike but for a blank before or behind one of them, in whatever way they come in."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import jsonschema
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from engine.reading.request_schemas import facts_schema
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.invisible import CONTROLS, FILLERS, UNSEEN
from files.batch.unfit_texts import BLANKS
from tests.support.command_line import credence
from tests.support.facts_in_every_way import DAY, engine, rules_files

HIDDEN = [(low, high) for low, high in (*CONTROLS, *UNSEEN, *FILLERS)]
VISIBLE_BLANKS = [blank for blank in BLANKS if not any(low <= ord(blank) <= high for low, high in HIDDEN)]
CHANCE = random.Random(18)
AROUND = [
    text
    for blank in VISIBLE_BLANKS
    for text in (f"{blank}C-1", f"C-1{blank}", f"{blank}{CHANCE.choice(VISIBLE_BLANKS)}C 1{blank}")
]
WITHIN = [f"C{blank}1" for blank in VISIBLE_BLANKS]
SAID = "begins or ends with a blank"


def test_the_blanks_are_those_that_python_strips() -> None:
    assert {chr(code) for code in range(0x110000) if chr(code).isspace()} == set(BLANKS)
    assert len(VISIBLE_BLANKS) > 15


def test_requests_refuse_them_as_their_schema_does() -> None:
    deciding = engine()
    schema = jsonschema.Draft202012Validator(facts_schema(deciding.vocabulary, "account"))
    for text in AROUND:
        facts = {"account": {"id": text}}
        with pytest.raises(FactsRefused) as refused:
            deciding.bind("account", facts, DAY)
        assert [(fault.path, fault.message) for fault in refused.value.faults] == [("account.id", SAID)]
        assert not schema.is_valid(facts)
    for text in WITHIN:
        facts = {"account": {"id": text}}
        deciding.bind("account", facts, DAY)
        assert schema.is_valid(facts)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name, content in rules_files().items():
        (tmp_path / "rules" / name).write_bytes(content)
    return tmp_path / "rules"


def run(rules: Path, command: str, source: Path) -> tuple[list[str], list[str]]:
    """The ids that were decided, and the faults."""
    out, rejects = rules.parent / "out.ndjson", rules.parent / "rejects.csv"
    asked = ("--case", "account", "--as-of", str(DAY), "--rules", rules, "--out", out, "--rejects", rejects)
    assert credence(command, source, *asked).exit_code in (0, 1)
    decided = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    with rejects.open(newline="", encoding="utf-8") as stream:
        faults = [row["faults"] for row in csv.DictReader(stream)]
    return [each.get("subject") or each["account.id"] for each in decided], faults


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_columns_of_text_count_as_requests_do(rules: Path, suffix: str) -> None:
    table = pa.table({"account.id": pa.array([*AROUND, *WITHIN])})
    source = rules.parent / f"in.{suffix}"
    parquet.write_table(table, source) if suffix == "parquet" else feather.write_feather(table, source)
    decided, faults = run(rules, "batch", source)
    assert sorted(decided) == sorted(WITHIN)
    assert len(faults) == len(AROUND)
    assert all(SAID in fault for fault in faults)


def test_a_request_in_a_file_too(rules: Path) -> None:
    source = rules.parent / "in.ndjson"
    lines = [json.dumps({"account": {"id": text}}) for text in (*AROUND, *WITHIN)]
    source.write_text("\n".join(lines), encoding="utf-8")
    decided, faults = run(rules, "decide-file", source)
    assert (decided, len(faults)) == (WITHIN, len(AROUND))
    decided, faults = run(rules, "batch", source)  # whose values count as cells do
    assert (sorted(decided), faults) == (sorted([*(text.strip() for text in AROUND), *WITHIN]), [])
