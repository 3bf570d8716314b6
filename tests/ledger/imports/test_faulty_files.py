"""What goes wrong in files of other systems: each kind of slip is refused in every kind of file that can hold it, with
its place and the way out; nothing stops the import, and nothing is taken otherwise than it is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.reading.document import read
from engine.vocabulary.decimals import JsonDecimal
from engine.vocabulary.vocabulary import Kind, Vocabulary
from files.columnar import columnar_rows
from files.input_refused import InputRefused
from files.rows import open_rows
from ledger.imports.file_rows import PLACE, RowReader, imported_rows
from ledger.imports.import_kinds import KINDS, ImportKind, ImportWord, RowContext, columns_of
from ledger.imports.import_map import ImportMap, plain_map, read_import_map
from tests.ledger.imports.test_importing import ACCOUNTS, Imports, counts
from tests.support.default_policies import default_policies
from tests.support.small_ledger import U_BECKER, in_file, small_ledger

SOUND: dict[Kind, str] = {
    Kind.TEXT: "C-1", Kind.PERSON: "u.becker", Kind.DATE: "2026-06-30", Kind.NUMBER: "12.50", Kind.MONEY: "12.50",
    Kind.RATE: "0.5", Kind.INTEGER: "3", Kind.DAYS: "30", Kind.MONTHS: "3", Kind.YES_NO: "true",
}  # fmt: skip

_NO_NUMBERS = (
    "1,000.00", "1.000,00", "１００", "1e3", "1E-2", "NaN", "Infinity", "+5", "(5.00)", "5-", "5.", ".5", "1 000",
    "1'000", "12.50 EUR", "€5", "90%", "0x10", "1_000", "=1+1", "true", "1\u200b0", "٣", "∞",
)  # fmt: skip
WRONG: dict[Kind, Sequence[str]] = {
    Kind.TEXT: ("C\u200b1", "\u202eC", "C\ufe0f", "C\u00ad", "\ufeffC-1\ufeff", "C\x07", "C\x1b[0m", "x" * 201),
    Kind.NUMBER: _NO_NUMBERS,
    Kind.DATE: ("01.07.2026", "2026/07/01", "20260701", "46204", "46204.0", "2026-7-1", "2026-02-30", "0000-00-00",
                "2026-07-01T00:00:00", "1-Jul-26", "２０２６-07-01", "07/01/2026"),
    Kind.INTEGER: ("3.5", "1e1", "３", "three", "1,0", "+3", "3 days"),
    Kind.YES_NO: ("yes", "TRUE", "1", "ja", "是", "t"),
    Kind.ENUM: ("Limit", "LIMIT", "credit", "限额", "limit.", "l", "Guarantee", "RE"),
}  # fmt: skip
"""Texts of cells that a column of this type can't hold, by no map."""


def _vocabulary() -> Vocabulary:
    return default_policies().vocabulary


def _sound_cells(kind: ImportKind) -> dict[str, str]:
    types = {name: type_ for name, type_ in columns_of(kind, _vocabulary()).items() if name in kind.columns}
    words = {name: type_.members[0] for name, type_ in types.items() if type_.members}
    cells = {name: words.get(name) or SOUND[type_.kind] for name, type_ in types.items()}
    return {**cells, **{name: "EUR" for name in cells if name == "currency"}}


def _own_columns() -> list[Any]:
    """Each column that a kind of file has beside facts, with what is wrong in it."""
    return [
        pytest.param(word, name, WRONG[of], id=f"{word.value}-{name}")
        for word, kind in KINDS.items()
        for name, of in kind.columns.items()
    ]


def _read(path: Path, reader: RowReader) -> list[tuple[dict[str, Any], str]]:
    if path.suffix == ".parquet":
        return [(dict(cells), fault) for cells, fault in map(reader.cells, columnar_rows(path, reader.refuse_heading))]
    with open_rows(path) as rows:
        if rows.heading is not None:
            reader.refuse_heading(rows.heading)
        return [(dict(cells), fault) for cells, fault in map(reader.cells, rows)]


def _files(folder: Path, rows: Sequence[dict[str, Any]]) -> Iterator[Path]:
    """The same rows of text in each format."""
    import csv

    import pyarrow as pa
    from pyarrow import parquet

    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (folder / "rows.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    parquet.write_table(pa.Table.from_pylist(list(rows)), folder / "rows.parquet")
    yield from (folder / "rows.csv", folder / "rows.ndjson", folder / "rows.parquet")


@pytest.mark.parametrize(("word", "name", "wrong"), _own_columns())
def test_what_a_column_cannot_hold_is_a_fault_of_its_row_in_every_format(
    word: ImportWord, name: str, wrong: Sequence[str], tmp_path: Path
) -> None:
    kind = KINDS[word]
    sound = _sound_cells(kind)
    reader = RowReader(plain_map(kind, _vocabulary()))
    for path in _files(tmp_path, [sound, *({**sound, name: each} for each in wrong)]):
        first, *found = _read(path, reader)
        assert first[1] == "", path
        assert [fault.startswith(f"{name}: ") for _, fault in found] == [True] * len(wrong), (path, found)
    context = RowContext(asker=U_BECKER, day="2026-07-01")
    with open_rows(tmp_path / "rows.csv") as rows:
        taken = [row.command is not None for row in imported_rows(reader, iter(rows), context)]
    assert taken == [True] + [False] * len(wrong)


TEXT_COLUMNS = [(word, name) for word, kind in KINDS.items() for name, of in kind.columns.items() if of is Kind.TEXT]


@pytest.mark.parametrize(("word", "name"), TEXT_COLUMNS, ids=[f"{word.value}-{name}" for word, name in TEXT_COLUMNS])
def test_a_text_that_json_has_as_something_else_is_refused_and_a_whole_number_is_taken(
    word: ImportWord, name: str, tmp_path: Path
) -> None:
    kind = KINDS[word]
    reader, sound = RowReader(plain_map(kind, _vocabulary())), _sound_cells(kind)
    written = ("1.10", "1e3", "true", "false", '["C-1"]', '{"id": "C-1"}', "-0.0", "1.0")
    path = tmp_path / "rows.ndjson"
    lines = [json.dumps({**sound, name: "?"}).replace('"?"', each) for each in (*written, "4711")]
    path.write_text("".join(f"{line}\n" for line in lines))
    *found, (cells, fault) = _read(path, reader)
    assert [fault.startswith(f"{name}: is ") for _, fault in found] == [True] * len(written), found
    assert (cells[name], fault) == ("4711", "")


def test_a_number_of_json_is_no_text_that_looks_like_it(tmp_path: Path) -> None:
    text = 'import: payments\nthousands: "."\ndecimal: ","\ncolumns:\n  payment: {column: p}\n  account: {column: a}\n'
    reader = RowReader(_map("payments", f"{text}  amount: {{column: b}}\n...\n"))
    path = tmp_path / "rows.ndjson"
    path.write_text('{"p":"1","a":"C","b":"1.234"}\n{"p":"2","a":"C","b":1.234}\n{"p":"3","a":"C","b":"1.234"}\n')
    assert [cells["amount"] for cells, _ in _read(path, reader)] == ["1234", JsonDecimal("1.234"), "1234"]


def _map(word: str, text: str) -> ImportMap:
    document, mistakes = read(text.encode(), "map.yaml", end_mark=True)
    assert document is not None and not mistakes
    found, mistakes = read_import_map(document, ImportWord(word), _vocabulary())
    assert found is not None, mistakes
    return found


JOINED = """import: invoices
columns:
  invoice: {column: [BUKRS, BELNR, GJAHR], join: "/"}
  account: {column: KUNNR}
  amount: {column: WRBTR, decimal: ",", thousands: ".", negative: trailing_minus}
  issued_on: {column: BLDAT, format: dd.MM.yyyy}
  due_on: {column: ZFBDT, format: dd.MM.yyyy, no_value: ["00.00.0000"]}
...
"""


def test_an_id_of_several_columns_is_made_of_all_of_them(tmp_path: Path) -> None:
    reader = RowReader(_map("invoices", JOINED))
    head = "BUKRS;BELNR;GJAHR;KUNNR;WRBTR;BLDAT;ZFBDT"
    rest = "C-1;1.234,50;01.06.2026;01.07.2026"
    lines = [f"1000;4711;2025;{rest}", f"1000;4711;2026;{rest}", f"1000;;2026;{rest}", f"10/00;1;2026;{rest}"]
    (tmp_path / "a.csv").write_text("\n".join(["sep=;", head, *lines, ""]))
    found = _read(tmp_path / "a.csv", reader)
    assert [(cells["invoice"], cells["amount"]) for cells, _ in found[:2]] == [
        ("1000/4711/2025", "1234.50"), ("1000/4711/2026", "1234.50"),
    ]  # fmt: skip
    assert [bool(fault) for _, fault in found] == [False, False, True, True]
    assert all("`BUKRS`, `BELNR`, `GJAHR`" in fault for _, fault in found[2:])
    with pytest.raises(InputRefused, match="`GJAHR` is missing"):
        reader.refuse_heading(head.replace(";GJAHR", "").split(";"))


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("payment,account,amount,amount", "`amount` is there twice"),
        ("payment,account,amount,Amount", "`Amount` is unknown"),
        ("payment,account,amount\u200b", "`amount` is missing"),
        ("PAYMENT,ACCOUNT,AMOUNT", "is missing"),
        ("Payments of June", "`skip_lines` of a map"),
    ],
)
def test_a_heading_that_says_two_things_or_none_is_refused(heading: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{heading}\nP-1,C-1,1.00,2.00\n", encoding="utf-8")
    with pytest.raises(InputRefused) as refused:
        _read(tmp_path / "a.csv", RowReader(plain_map(KINDS[ImportWord.PAYMENTS], _vocabulary())))
    assert said in str(refused.value)


def test_a_key_that_nothing_reads_is_a_fault_of_its_row_and_where_the_row_stood_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(
        '{"payment":"P-1","account":"C-1","amount":"1","amuont":"2"}\n'
        f'{{"payment":"P-2","account":"C-1","amount":"1","{PLACE}":"7"}}\n'
    )
    found = _read(tmp_path / "a.ndjson", RowReader(plain_map(KINDS[ImportWord.PAYMENTS], _vocabulary())))
    assert [fault for _, fault in found] == ["amuont: is a column that nothing reads (leave it out)", ""]


SAID = {
    "open-items": ("invoice,account,open_amount,due_on", "CN-1,C-1,-800.00,2026-07-30", "/v1/credit-notes"),
    "limits": ("account,kind,amount", "C-1,unlimited,5.00", "amount: is given for a limit without an amount"),
    "limits ": ("account,amount,from,until", "C-1,5.00,2026-07-05,2026-07-04", "until: lies before the first day"),
    "securities": ("account,security,kind,amount,cover", "C-1,S-1,insurance,5.00,90", "cover: is out of range"),
    "rates": ("currency,date,rate", "USD,2026-07-01,0", "rate: is 0"),
    "groups": ("group,currency,limit", "G-1,DEM,5.00", "`DEM` is not a currency"),
    "invoices": (
        "invoice,account,amount,issued_on,due_on,currency",
        "I,C-1,1.5,2026-06-01,2026-06-02,JPY",
        "0 decimals",
    ),
    "payments": ("payment,account,amount", "P-1,C-1,-0.00", "amount: is not above zero"),
}


async def _rejected(folder: Path) -> None:
    with small_ledger(in_file(folder / "journal")) as small:
        imports = Imports(small, folder)
        await imports.run("accounts", ACCOUNTS)
        before = imports.tables()
        for word, (heading, row, said) in SAID.items():
            run = await imports.run(word.strip(), [heading, row])
            assert counts(run) == {"rejected": 1}, word
            [(_, fault)] = await imports.faults(run)
            assert said in fault, (word, fault)
        assert imports.tables() == before


def test_what_is_not_meant_is_refused_with_the_way_out_and_changes_nothing(tmp_path: Path) -> None:
    asyncio.run(_rejected(tmp_path))


@pytest.mark.parametrize("heading", ["Waers", "Currency", "币种"])
def test_a_currency_that_a_map_passes_over_is_no_amount_of_the_accounts(heading: str, tmp_path: Path) -> None:
    names = ("payment", "account", "amount", "effective_on")
    columns = "".join(f"  {name}: {{column: the {name}}}\n" for name in names)
    text = f"import: payments\ncolumns:\n{columns}...\n"
    row = {f"the {name}": value for name, value in zip(names, ("P-1", "C-1", "1.00", "2026-06-01"), strict=True)}
    row |= {heading: "USD"}
    (tmp_path / "a.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    (tmp_path / "a.ndjson").write_text(json.dumps(row))
    with pytest.raises(InputRefused, match=f"`{heading}` says a currency"):
        _read(tmp_path / "a.csv", RowReader(_map("payments", text)))
    [(_, fault)] = _read(tmp_path / "a.ndjson", RowReader(_map("payments", text)))
    assert f"write `currency: {{column: {heading}}}` under `columns`" in fault
    read = RowReader(_map("payments", text.replace("...", f"  currency: {{column: {heading}}}\n...")))
    assert [cells["currency"] for cells, _ in _read(tmp_path / "a.csv", read)] == ["USD"]
