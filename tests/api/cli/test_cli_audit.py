"""`credence audit`: each report says what was done, each line names the record that proves it, and its proof holds."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from ledger.access.changes import PersonWords, change_person
from ledger.access.roles import Authority, Role
from ledger.audit import random_sample
from ledger.audit.completeness import completeness
from ledger.audit.random_sample import SamplePlan, journal_sample
from ledger.erasure.erasing import Erasing, ErasureWords
from ledger.erasure.grounds import Ground
from ledger.export.decision_table import DecisionTable
from ledger.export.exporting import ExportPlan
from ledger.journal.journal import Journal
from ledger.journal.opened_records import GoneRecord
from ledger.record.actors import Actor
from ledger.record.log_proofs import read_proof
from ledger.record.merkle_tree import leaf_hash
from ledger.record.record_header import RecordKind
from ledger.record.signed_notes import NoteVerifier, new_signer
from ledger.replay.replaying import Replayer
from ledger.replay.request_again import AskedAgain
from ledger.search import all_wanted
from ledger.search.record_filter import RecordFilter
from ledger.search.record_search import FoundRecord, UnreadableRecord
from ledger.store.secret_files import beside, signing_key
from tests.support.command_line import credence
from tests.support.duties import nothing_held
from tests.support.journal_reading import headers_in
from tests.support.keyed_services import asking_for_keys, bearer
from tests.support.keyed_services import changed as access_changed
from tests.support.replayed_journals import ReplayedJournal, requests, write_replayed_journal
from tests.support.tampering import changed

COUNT, ERASED_OF = 30, 12
Erased = tuple[ReplayedJournal, list[int]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> ReplayedJournal:
    """With a second policy set, and somebody who both writes policies and puts them into force."""
    journal = write_replayed_journal(tmp_path_factory.mktemp("written"), COUNT)
    words = PersonWords(roles=frozenset({Role.EDITOR, Role.APPROVER}), authority=Authority.CFO)
    access_changed(journal.settings.journal, change_person("editor", words))
    orders = journal.settings.rules / "orders.yaml"
    text = orders.read_text("utf-8")
    orders.write_text(text.replace("20000}", "30000}").replace("Old debts.", "Debts."), "utf-8")
    with asking_for_keys(journal.settings) as client:
        key = bearer(journal.keys["desk"])
        body = {"order": {"id": "SO-0", "amount": "25000.00"}, "account": {"id": "C-0"}, "as_of": "2026-07-01"}
        answer = client.post("/v1/decisions/order", json=body, headers=key)
        assert answer.status_code == 201, answer.text
        journal.answers[int(answer.headers["journal-entry"])] = answer.text
    return journal


@pytest.fixture
def verifier(written: ReplayedJournal) -> NoteVerifier:
    return signing_key(beside(written.file).signing_key, may_make=False).verifier


def _lines(*words: str | Path) -> list[dict[str, Any]]:
    done = credence("audit", *words)
    assert done.stderr.count("credence:") == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _is_proved(folder: Path, lines: list[dict[str, Any]], verifier: NoteVerifier) -> None:
    """Each line that names a record, by a file of its own."""
    named = {line["record"]: line for line in lines if line["record"] is not None}
    assert {int(path.stem) for path in folder.glob("*.tlog-proof")} == set(named)
    for seq, line in named.items():
        header, _ = read_proof((folder / f"{seq}.tlog-proof").read_text("utf-8")).checked(verifier)
        assert (header.seq, header.at, header.actor) == (seq, line["at"], line["by"])
        assert leaf_hash(header.canonical_text()).hex() == line["leaf"]


def test_policy_changes_say_who_when_and_from_what_to_what(
    written: ReplayedJournal, verifier: NoteVerifier, tmp_path: Path
) -> None:
    place = ("--journal", written.file)
    lines = _lines("policy-changes", *place, "--proofs", tmp_path / "proofs")
    first, second = lines
    assert (first["how"], first["from"], second["from"]) == ("first", None, first["to"])
    assert " of person " in first["by"]
    assert (second["how"], second["by"]) == ("watch", "rules folder")
    assert "facts.yaml added" in " ".join(first["files"])
    assert second["files"] == ["rules/orders.yaml changed"]
    assert second["rules"] == ["orders.old-debts changed"]
    was, is_ = '{"2020-01-01": "10000", "2026-07-01": "20000"}', '{"2020-01-01": "10000", "2026-07-01": "30000"}'
    assert second["parameters"] == [f"orders.limit: {was} → {is_}"]
    assert second["others"] == []
    assert [line["record"] for line in lines] == [header.seq for header in headers_in(written.file, "policy")]
    _is_proved(tmp_path / "proofs", lines, verifier)


@pytest.mark.parametrize(
    ("at", "trouble", "finding"),
    [(at, trouble, finding) for at in (0, 1) for trouble, finding in (
        ("deleted", "text not kept"),
        ("another text", "text not as its version says"),
        ("no texts", "text not as its version says"),
        ("no JSON", "text not as its version says"),
        ("other facts", "text not as its version says"),
        ("no facts", "text not as its version says"),
    )],
)  # fmt: skip
def test_a_change_whose_text_is_not_its_version_s_says_only_that(
    written: ReplayedJournal, at: int, trouble: str, finding: str
) -> None:
    version = [header.policy for header in headers_in(written.file, "policy")][at]
    with changed(written.file, beside(written.file)) as rows:
        before = [dict(row) for row in rows.policy_sets]
        [row] = [row for row in rows.policy_sets if row["version"] == version]
        match trouble:
            case "deleted":
                rows.policy_sets.remove(row)
            case "another text":
                row["files"] = row["files"].replace("00}", "01}")
            case "no texts":
                row["files"] = "[1]"
            case "no JSON":
                row["files"] = "{"
            case "other facts":
                row["standard_facts"] += " "
            case "no facts":
                row["files"], row["standard_facts"] = row["files"].replace("00}", "01}"), None
    try:
        done = credence("audit", "policy-changes", "--journal", written.file)
    finally:
        with changed(written.file, beside(written.file)) as rows:
            rows.policy_sets = before
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1, done.stderr
    after_it = {0: [finding, f"of the set before: {finding}"], 1: [None, finding]}
    assert [line["finding"] for line in lines] == after_it[at]
    assert [line["from"] for line in lines] == [None, lines[0]["to"]]
    for line in lines:
        told = [line[column] for column in ("files", "rules", "parameters", "others")]
        assert (told == [[], [], [], []]) is (line["finding"] is not None)


def test_the_access_review_names_conflicts_and_who_set_them(
    written: ReplayedJournal, verifier: NoteVerifier, tmp_path: Path
) -> None:
    done = credence("audit", "access", "--journal", written.file, "--proofs", tmp_path / "proofs")
    assert done.exit_code == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    people = {line["login"]: line for line in lines if line["what"] == "person"}
    assert set(people) == set(written.keys)
    assert {login: line["conflicts"] for login, line in people.items() if line["conflicts"]} == {
        "editor": [
            "editor with approver: writes policies and puts them into force",
            "has an authority to release and not the role desk",
        ]
    }
    assert (people["editor"]["roles"], people["editor"]["authority"]) == (["approver", "editor"], "cfo")
    keys = [line for line in lines if line["what"] == "key"]
    assert len(keys) == len(written.keys) + 1
    [acting] = [line for line in keys if line["service"] == "portal"]
    assert (acting["acts_for"], acting["roles"], acting["state"], acting["login"]) == (True, ["desk"], "active", None)
    _is_proved(tmp_path / "proofs", lines, verifier)


def test_csv_holds_the_same_for_a_spreadsheet(written: ReplayedJournal, tmp_path: Path) -> None:
    report = tmp_path / "access.csv"
    credence("audit", "access", "--journal", written.file, "--save", report)
    rows = list(csv.DictReader(io.StringIO(report.read_text("utf-8"))))
    lines = _lines("access", "--journal", written.file)
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    [editor] = [row for row in rows if row["login"] == "editor" and row["what"] == "person"]
    assert editor["roles"] == "approver; editor"
    assert rows[0]["record"] == str(lines[0]["record"])
    assert {line["expires_at"][-1] for line in lines if line["expires_at"]} == {"Z"}  # as all times


def _sample(written: ReplayedJournal, folder: Path, seed: str, *words: str) -> list[dict[str, Any]]:
    place = ("--journal", written.file)
    return _lines("sample", "--seed", seed, "--count", "7", *words, "--proofs", folder, *place)


def test_a_sample_is_drawn_by_its_seed_and_drawn_again_without_the_journal(
    written: ReplayedJournal, verifier: NoteVerifier, tmp_path: Path
) -> None:
    lines = _sample(written, tmp_path / "one", "lottery 7", "--of", "order")
    taken = [line for line in lines if line["taken"]]
    assert len(taken) == 7
    assert {line["case"] for line in taken} == {"order"}
    assert lines[-1]["taken"]
    assert any(not line["taken"] for line in lines)
    assert [line["score"] for line in lines] == sorted(line["score"] for line in lines)
    assert _sample(written, tmp_path / "again", "lottery 7", "--of", "order") == lines
    assert _sample(written, tmp_path / "other", "lottery 8", "--of", "order") != lines
    (tmp_path / "key").write_text(verifier.as_text(), "utf-8")
    asked = ("--seed", "lottery 7", "--count", "7", "--of", "order")
    done = credence("audit", "check-sample", tmp_path / "one", "--key", tmp_path / "key", *asked)
    size = _checkpoints(written)[-1].partition("\n")[2]
    assert done.exit_code == 0, done.stdout
    assert done.stdout.splitlines() == [
        "seed      lottery 7",
        "wanted    7 of order",
        f"signed    by the checkpoint of {size.splitlines()[0]} records, root {size.splitlines()[1]}",
        f"taken     7, with {len(lines)} of {size.splitlines()[0]} records drawn",
        "root      not compared; give --checkpoint with the one you took away",
        "no fault",
    ]
    _is_proved(tmp_path / "one", lines, verifier)


def _checkpoints(written: ReplayedJournal) -> list[str]:
    """All notes, the smallest first."""
    with changed(written.file, beside(written.file)) as rows:
        return [row["note"] for row in sorted(rows.checkpoints, key=lambda row: int(row["size"]))]


ASKED = ("--seed", "lottery", "--count", "7", "--outcome", "hold")


def test_only_the_sample_that_was_asked_for_is_without_fault(
    written: ReplayedJournal, verifier: NoteVerifier, tmp_path: Path
) -> None:
    """Another seed, number or filter, and another checkpoint, each drawn without a fault by itself."""
    notes = _checkpoints(written)
    assert len(notes) > 1
    (tmp_path / "taken-away").write_text(notes[-1], "utf-8")
    period = {"--from": "2020-01-01", "--until": "2120-01-01"}
    asked = {"--seed": "lottery", "--count": "7", "--of": "order", "--outcome": "hold", **period}
    others = {"--seed": "x", "--count": "6", "--of": "invoice", "--outcome": "approve", "--from": "2021-01-01"}

    def words(given: dict[str, str]) -> list[str]:
        return [word for each in given.items() for word in each]

    def checked(folder: str, given: dict[str, str]) -> tuple[int, str]:
        place = (tmp_path / folder, "--key", verifier.as_text(), "--checkpoint", tmp_path / "taken-away")
        done = credence("audit", "check-sample", *place, *words(given))
        return done.exit_code, " ".join(done.stdout.split())

    _lines("sample", *words(asked), "--proofs", tmp_path / "one", "--journal", written.file)
    code, said = checked("one", asked)
    assert (code, said[-8:]) == (0, "no fault"), said
    assert "of order, hold, from 2020-01-01T00:00:00.000000Z, until 2120-01-01" in said
    for number, (option, word) in enumerate((others | {"--until": "2119-01-01"}).items()):
        _lines("sample", *words(asked | {option: word}), "--proofs", tmp_path / f"{number}", "--journal", written.file)
        code, said = checked(f"{number}", asked)
        assert code == 1
        assert f"FAULT {tmp_path / str(number)}: {option} is `{asked[option][:4]}" in said.replace("/ ", "/")
        code, said = checked(
            "one", {name: each for name, each in asked.items() if name != option} | {"--seed": "lottery"}
        )
        assert (code == 0) is (option == "--seed"), said
    smaller = notes[0].splitlines()[1]
    place = ("--proofs", tmp_path / "smaller", "--size", smaller, "--journal", written.file)
    assert {line["record"] for line in _lines("sample", *words(asked), *place)} <= set(range(int(smaller)))
    code, said = checked("smaller", asked)
    assert code == 1
    assert f"it was drawn by that of {smaller} records, not by the checkpoint of" in said
    (tmp_path / "taken-away").write_text(new_signer(verifier.name).signed(notes[-1].split("\n\n")[0] + "\n"), "utf-8")
    code, said = checked("one", asked)
    assert (code, "the checkpoint that you gave: " in said) == (1, True)


def test_a_checkpoint_that_was_not_signed_is_not_drawn_by(written: ReplayedJournal) -> None:
    done = credence("audit", "sample", *ASKED, "--size", "1000000", "--journal", written.file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "has no checkpoint of 1,000,000 records" in " ".join(done.stderr.split())


def test_imported_decisions_are_drawn_too(verifier: NoteVerifier, written: ReplayedJournal) -> None:
    for header in headers_in(written.file):
        for kind in RecordKind:
            is_decided = kind in (RecordKind.DECISION, RecordKind.IMPORTED)
            assert SamplePlan(seed="x", count=1).wants(replace(header, kind=kind)) is is_decided


def test_what_is_too_rare_is_not_drawn(
    written: ReplayedJournal, verifier: NoteVerifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the journal nor by a folder; and what was drawn until then is the same as without a bound."""
    whole = _sample(written, tmp_path / "whole", "lottery", "--outcome", "hold")
    monkeypatch.setattr(random_sample, "DRAWN_MAX", len(whole))
    assert _sample(written, tmp_path / "as many", "lottery", "--outcome", "hold") == whole
    monkeypatch.setattr(random_sample, "DRAWN_MAX", len(whole) - 1)
    done = credence("audit", "sample", *ASKED, "--journal", written.file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"only 6 of the first {len(whole) - 1} records drawn are wanted" in " ".join(done.stderr.split())
    done = credence("audit", "check-sample", tmp_path / "whole", *ASKED, "--key", verifier.as_text())
    assert (done.exit_code, "only 6 of the first" in done.stdout) == (1, True)


def test_scores_are_computed_once_and_headers_read_as_they_are_drawn(
    written: ReplayedJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[int] = []
    real = random_sample.score_of
    monkeypatch.setattr(random_sample, "score_of", lambda *words: scored.append(words[-1]) or real(*words))  # type: ignore[func-returns-value]
    monkeypatch.setattr(all_wanted, "BATCH", 3)
    asked: list[object] = []
    plan = SamplePlan(seed="x", count=10_000)
    journal = Journal(written.file, places=beside(written.file))
    ask = journal.ask
    monkeypatch.setattr(journal, "ask", lambda question: asked.append(question) or ask(question))  # type: ignore[func-returns-value]
    sample = journal_sample(journal, plan)
    size = sample.checkpoint.size
    assert (sorted(scored), len(sample.drawn)) == (list(range(size)), size)
    assert len(asked) == 1 + -(-size // 3)
    scored.clear()
    asked.clear()
    assert len(journal_sample(journal, replace(plan, count=1)).drawn) < size
    journal.close()
    assert (len(scored), len(asked) < 1 + size // 3) == (size, True)


def test_a_sample_that_somebody_chose_is_seen(written: ReplayedJournal, verifier: NoteVerifier, tmp_path: Path) -> None:
    """A record left out, another seed, count or filter, one added, and another journal's key."""
    lines = _sample(written, tmp_path / "sample", "lottery", "--outcome", "hold")
    other = _sample(written, tmp_path / "other", "other", "--outcome", "hold")
    drawn = {line["record"] for line in lines}
    stranger = next(line["record"] for line in other if line["record"] not in drawn)
    plan = json.loads((tmp_path / "sample" / "sample.json").read_text("utf-8"))

    def said(key: NoteVerifier = verifier) -> str:
        done = credence("audit", "check-sample", folder, "--key", key.as_text(), *asked)
        assert done.exit_code == 1, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    folder, asked = tmp_path / "copy", list(ASKED)

    def fresh(**words: object) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "sample", folder)
        (folder / "sample.json").write_text(json.dumps(plan | words), "utf-8")

    for line in lines:
        fresh()
        (folder / f"{line['record']}.tlog-proof").unlink()
        assert f"record {line['record']} is drawn, and its proof is not there" in said()
    fresh()
    shutil.copy2(tmp_path / "other" / f"{stranger}.tlog-proof", folder)
    assert f"record {stranger} is there, and it is not drawn" in said()
    for word, value in (("seed", "lottery."), ("count", 6), ("outcome", "approve"), ("size", plan["size"] - 1)):
        fresh(**{word: value})
        asked += [] if word == "size" else [f"--{word}", str(value)]  # whoever asks is told the same
        assert "FAULT" in said()
        asked = list(ASKED)
    fresh(format=2)
    assert "of another format" in said()
    fresh()
    assert "is not signed by the key" in said(new_signer(verifier.name).verifier)


def _list(tmp_path: Path, rows: dict[str, str], heading: str = "Order,Amount") -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([heading, *(f"{number},{amount}" for number, amount in rows.items())]) + "\n", "utf-8")
    return path


def test_completeness_finds_what_is_missing_extra_and_other(
    written: ReplayedJournal, verifier: NoteVerifier, tmp_path: Path
) -> None:
    amounts = {body["order"]["id"]: body["order"]["amount"] for case, body in requests(COUNT) if case == "order"}
    amounts["SO-0"] = "25000.000"  # asked about again: the newest decision counts
    place = ("--amount-column", "Amount", "--journal", written.file)
    done = credence("audit", "completeness", _list(tmp_path, amounts), *place)
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    assert done.stderr == f"{COUNT} of {COUNT} listed orders as decided, 0 findings\n"
    del amounts["SO-3"]
    amounts |= {"SO-4": "1.00", "SO-none": "5.00"}
    done = credence("audit", "completeness", _list(tmp_path, amounts), *place, "--proofs", tmp_path / "proofs")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    found = {line["order"]: (line["finding"], line["listed_amount"], line["decided_amount"]) for line in lines}
    assert found == {
        "SO-4": ("other amount", "1.00", "25000.00"),
        "SO-none": ("missing", "5.00", None),
        "SO-3": ("extra", None, "9999.00"),
    }
    assert done.stderr == f"{COUNT - 2} of {COUNT} listed orders as decided, 3 findings\n"
    _is_proved(tmp_path / "proofs", lines, verifier)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the list is empty"),
        ("Order,Amount\nSO-1,x\nSO-2,1,5\n,1\nSO-3,1\nSO-3,2\n", "line 2: `x` is no amount"),
        ("Order,Amount\nSO-1,1\nSO-2,1,5\n", "line 3: has 3 cells, and the heading has 2"),
        ("Order,Amount\n,1\n", "line 2: has no order number"),
        ("Order,Amount\nSO-3,1\nSO-3,2\n", "line 3: `SO-3` stands twice"),
        ("Order,Amount\nSO-3,NaN\n", "line 2: `NaN` is no amount"),
        ("Order,Sum\nSO-3,1\n", "no one column `Amount`; it has `Order`, `Sum`"),
    ],
)
def test_a_list_that_can_not_be_used_is_refused_by_its_lines(
    written: ReplayedJournal, text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text, "utf-8")
    done = credence("audit", "completeness", path, "--amount-column", "Amount", "--journal", written.file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_case_file_holds_all_of_a_case_and_runs_nothing(
    written: ReplayedJournal, language: str, tmp_path: Path
) -> None:
    decided = {seq: json.loads(text) for seq, text in written.answers.items()}
    seq, answer = next(
        (seq, answer)
        for seq, answer in decided.items()
        if {"orders.over-limit", "orders.long-terms"} <= {reason["rule"] for reason in answer["reasons"]}
        if any(reason["waived"] for reason in answer["reasons"])
    )
    page_file = tmp_path / "case.html"
    words = ("--save", page_file, "--lang", language, "--journal", written.file)
    done = credence("audit", "case", str(seq), *words)
    assert done.exit_code == 0, done.stderr
    page = page_file.read_text("utf-8").replace("\u00a0", " ")
    for reason in answer["reasons"]:
        assert reason["text"][language].replace("'", "&#x27;") in page
    said = {
        "en": ("Approvals", "Proof", "Policy text of the day", "Order value"),
        "zh": ("审批", "证明", "当日政策原文", "订单金额"),
    }[language]
    for text in (
        answer["id"],
        "when: order.amount &gt; limit",
        "long-terms-c-1: {waives: [orders.long-terms]",
        "u.hoffmann",
        "m.lehmann",
        "order.amount",
        *said,
    ):
        assert text in page
    assert "c2sp.org/tlog-proof@v1" in page
    assert "default-src 'none'" in page
    assert all(word not in page.lower() for word in ("<script", "javascript:", "onload=", "http://", "<link", "<img"))


@pytest.mark.parametrize(
    ("language", "no_rule", "proves"),
    [("en", "No rule spoke, so no lines", "not the facts on this page"), ("zh", "没有规则命中", "而非本页所列事实")],
)
def test_where_no_rule_spoke_it_says_so_with_the_files_that_decided(
    written: ReplayedJournal, language: str, no_rule: str, proves: str, tmp_path: Path
) -> None:
    decided = {seq: json.loads(text) for seq, text in written.answers.items()}
    seq = next(seq for seq, answer in decided.items() if answer["case"] == "order" and not answer["reasons"])
    words = ("--save", tmp_path / "case.html", "--lang", language, "--journal", written.file)
    assert credence("audit", "case", str(seq), *words).exit_code == 0
    page = (tmp_path / "case.html").read_text("utf-8")
    assert no_rule in page
    assert "orders.yaml" in page
    assert "exceptions.yaml" in page
    assert proves in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["case", "999999"], "the journal has no record `999999`"),
        (["case", "0"], "record 0 holds no decision"),
        (["case", "0", "--lang", "fr"], "--lang `fr` has no case files"),
        (["sample", "--seed", "", "--count", "1"], "--seed is empty"),
        (["sample", "--seed", "x", "--count", "0"], "--count is 0"),
        (["sample", "--seed", "x", "--of", "ordr"], "--of"),
        (["policy-changes", "--proofs", "."], "`.` is there already"),
        (["policy-changes", "--save", "nowhere/x.csv"], "--save `nowhere/x.csv` can't be written"),
    ],
)
def test_what_can_not_be_used_is_said(
    written: ReplayedJournal, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = credence("audit", *words, "--journal", written.file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in " ".join(done.stderr.split())


def test_a_case_whose_policies_were_changed_has_no_file(written: ReplayedJournal, tmp_path: Path) -> None:
    with changed(written.file, beside(written.file)) as rows:
        before = [dict(row) for row in rows.policy_sets]
        for row in rows.policy_sets:
            row["files"] = row["files"].replace("10000", "10001")
    try:
        page = tmp_path / "case.html"
        done = credence("audit", "case", str(min(written.answers)), "--save", page, "--journal", written.file)
    finally:
        with changed(written.file, beside(written.file)) as rows:
            rows.policy_sets = before
    assert (done.exit_code, page.exists()) == (2, False)
    assert "do not give its version" in " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReplayedJournal, list[int]]:
    """A journal whose customer C-1 was erased, and the numbers of the records that can't be read any more."""
    written = write_replayed_journal(tmp_path_factory.mktemp("erased"), ERASED_OF)
    file = written.file

    async def erase(journal: Journal) -> None:
        erasing = Erasing(journal, nothing_held)
        words = ErasureWords(account="C-1", ground=Ground.OBJECTION, reason="letter of 3 March")
        proposed = await erasing.propose(words, Actor(key="1", person="anna"))
        await erasing.confirm(proposed.id, Actor(key="2", person="bert"))

    journal = Journal(file, places=beside(file))
    try:
        asyncio.run(erase(journal))
        places = [header.seq for header in headers_in(file, "decision")]
        gone = [each.header.seq for each in all_wanted.records_at(journal, places) if isinstance(each, GoneRecord)]
    finally:
        journal.close()
    assert gone
    return written, gone


def test_erased_orders_are_told_as_erased_and_none_is_said_to_be_missing(erased: Erased, tmp_path: Path) -> None:
    written, gone = erased
    amounts = {body["order"]["id"]: body["order"]["amount"] for case, body in requests(ERASED_OF) if case == "order"}
    place = ("--amount-column", "Amount", "--journal", written.file)
    done = credence("audit", "completeness", _list(tmp_path, amounts), *place)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    orders = {seq: json.loads(written.answers[seq]) for seq in gone if seq in written.answers}
    names = [answer["subject"] for answer in orders.values() if answer["case"] == "order"]
    assert names
    assert [line["order"] for line in lines if line["finding"] == "not found"] == names
    told = [line for line in lines if line["finding"] == "erased"]
    assert [line["record"] for line in told] == [seq for seq, answer in orders.items() if answer["case"] == "order"]
    [by] = {line["gone_by"] for line in told}
    assert by in [header.seq for header in headers_in(written.file, "erasure")]
    assert {line["finding"] for line in lines} == {"not found", "erased"}
    said = f"{len(amounts) - len(names)} of {len(amounts)} listed orders as decided, {2 * len(names)} findings"
    assert (done.exit_code, done.stderr) == (1, f"{said} ({len(names)} erased)\n")


@pytest.mark.parametrize("how", ["erased", "dropped", "unreadable", None])
def test_whether_an_order_is_missing_can_be_said_only_where_all_can_be_read(
    written: ReplayedJournal, how: str | None
) -> None:
    journal = Journal(written.file, places=beside(written.file))
    [record] = all_wanted.records_at(journal, [written.ids()[0]])
    gone: FoundRecord = GoneRecord(record.header, 99, how == "erased")
    gone = UnreadableRecord(record.header, "damaged") if how == "unreadable" else gone
    found = completeness({"SO-x": None}, [] if how is None else [gone])
    lines = [line.as_json() for line in found.lines(journal)]
    journal.close()
    assert (lines[0]["finding"], lines[0]["record"]) == ("missing" if how is None else "not found", None)
    by = None if how == "unreadable" else 99
    told = [(line["finding"], line["record"], line["gone_by"]) for line in lines[1:]]
    assert told == ([] if how is None else [(how, record.header.seq, by)])
    assert found.said().endswith("(1 " + how + ")" if how else "1 finding" if len(lines) == 1 else "")


def test_a_case_that_was_erased_has_no_file_and_it_says_why(erased: Erased, tmp_path: Path) -> None:
    written, gone = erased
    for seq in gone[:2]:
        done = credence("audit", "case", str(seq), "--save", tmp_path / "case.html", "--journal", written.file)
        assert (done.exit_code, done.stdout, (tmp_path / "case.html").exists()) == (2, "", False)
        assert f"what record {seq} said was erased; record" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ["audit", "policy-changes"],
        ["audit", "access"],
        ["audit", "sample", "--seed", "x"],
        ["journal", "search"],
        ["journal", "show", "RECORD"],
        ["journal", "replay", "RECORD"],
        ["journal", "replay", "--all"],
        ["journal", "proof", "RECORD"],
        ["journal", "verify"],
    ],
    ids=lambda words: "-".join(words),
)
def test_no_command_breaks_on_what_was_erased(erased: Erased, words: list[str], tmp_path: Path) -> None:
    written, gone = erased
    words = [str(gone[0]) if word == "RECORD" else word for word in words]
    place: list[str | Path] = [written.file] if words[1] == "verify" else ["--journal", written.file]
    place += ["--save", tmp_path / "proof"] if words[1] == "proof" else []
    done = credence(*words, *place)
    assert done.exit_code in (0, 1), done.stdout + done.stderr
    assert not isinstance(done.exception, Exception) or isinstance(done.exception, SystemExit)


def test_only_decisions_are_decided_again_by_name(erased: Erased) -> None:
    written, gone = erased
    for kind in ("person", "key", "policy", "erasure"):
        seq = headers_in(written.file, kind)[0].seq
        done = credence("journal", "replay", str(gone[0]), str(seq), "--journal", written.file)
        assert (done.exit_code, done.stdout) == (2, "")
        assert f"record {seq} is no decision, it is of the kind {kind}; leave it out" in " ".join(done.stderr.split())


@pytest.mark.parametrize("kind", RecordKind)
def test_a_table_and_a_replay_have_a_row_for_a_decision_that_is_gone_and_for_nothing_else(
    written: ReplayedJournal, kind: RecordKind, tmp_path: Path
) -> None:
    is_decided = kind in (RecordKind.DECISION, RecordKind.IMPORTED)
    header = replace(headers_in(written.file, "decision")[0], kind=kind.value)
    gone = GoneRecord(header, 99, is_erased=True)
    plan = ExportPlan(wanted=RecordFilter(), words={}, is_masked=False)
    table = DecisionTable(tmp_path / "decisions.parquet", plan)
    table.add(gone)
    journal = Journal(written.file, places=beside(written.file))
    table.finish(journal)
    table.publish()
    assert parquet.read_table(tmp_path / "decisions.parquet").num_rows == int(is_decided)
    replayed = Replayer(journal.find_policy_set, AskedAgain()).replayed(gone)
    journal.close()
    assert replayed.word == ("erased" if is_decided else "REFUSED (it holds no decision)")
