"""`credence audit sample` and `check-sample`: records drawn by a seed, and the drawing checked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from api.cli.audit import OutOption, ReportOptions, save_text, write_proofs, write_report
from api.cli.console import FOUND_PROBLEMS, err, out, refuse
from api.cli.journal_verify import KeptOption
from api.cli.options import FOUND, READ, WRITTEN, JournalOption
from api.cli.record_options import OutcomeOption, SinceOption, UntilOption, journal_to_read

if TYPE_CHECKING:
    from ledger.audit.random_sample import Sample, SamplePlan
    from ledger.record.signed_notes import NoteVerifier

PLAN_FILE = "sample.json"
_SEED_MAX = 200
_OPTIONS = {"case": "of"}
"""Options that are not called as the filter's words."""

SeedOption = Annotated[
    str,
    typer.Option(
        "--seed",
        metavar="WORD",
        help="Decides what is drawn: a word of your own, said after the journal was signed.",
        rich_help_panel=FOUND,
    ),
]
CountOption = Annotated[int, typer.Option("--count", metavar="N", help="How many decisions.", rich_help_panel=FOUND)]
CaseWordOption = Annotated[
    str | None,
    typer.Option("--of", metavar="KIND", help="Decisions on this kind of case, such as order.", rich_help_panel=FOUND),
]
SizeOption = Annotated[
    int | None,
    typer.Option(
        "--size",
        metavar="SIZE",
        help="Draw from the first SIZE records, by the checkpoint that was signed over so many.",
        show_default="the newest",
        rich_help_panel=FOUND,
    ),
]
SampleFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--proofs",
        metavar="FOLDER",
        help="Write what it takes to check the drawing into this new folder: the plan, and a proof of each record.",
        rich_help_panel=WRITTEN,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What is to be drawn, for whoever draws and for whoever checks."""

    seed: SeedOption
    """Decides what is drawn."""

    count: CountOption = 25
    """How many are taken."""

    of: CaseWordOption = None
    """None: decisions on any kind of case."""

    outcome: OutcomeOption = None
    """None: any."""

    since: SinceOption = None
    """None: from the first record."""

    until: UntilOption = None
    """None: to the last."""

    def plan(self) -> SamplePlan:
        """Ends the command where an option can't be used."""
        from ledger.audit.random_sample import COUNT_MAX, SamplePlan
        from ledger.search.filter_words import FilterRefused, read_filter

        words = {"case": self.of, "outcome": self.outcome, "from": self.since, "until": self.until}
        try:
            wanted = read_filter({name: word for name, word in words.items() if word is not None})
        except FilterRefused as refused:
            refuse(
                "\n".join(
                    f"--{_OPTIONS.get(each.name, each.name)} {each.message}; {each.hint}" for each in refused.faults
                )
            )
        if not 1 <= self.count <= COUNT_MAX:
            refuse(f"--count is {self.count}; write 1 to {COUNT_MAX:,}")
        if not 1 <= len(self.seed) <= _SEED_MAX or not self.seed.isprintable():
            refuse(f"--seed is empty, longer than {_SEED_MAX} characters or holds what nobody sees; write a word")
        filtered = {"case": wanted.case, "outcome": wanted.outcome, "since": wanted.since, "until": wanted.until}
        return SamplePlan(seed=self.seed, count=self.count, **filtered)


def sample(
    *,
    wanted: PlanOptions,
    size: SizeOption = None,
    save: OutOption = None,
    proofs: SampleFolderOption = None,
    journal: JournalOption = None,
) -> None:
    """Draw decisions by a seed, so that nobody chooses them.

    The order is that of a hash over the seed, the signed root and each record's number; what isn't wanted is passed
    over and listed too. With --proofs whoever has the journal's verifier key draws again without the journal.

    Example:  credence audit sample --seed 2026-12-24-lottery-07-19 --count 25 --of order --proofs sample

    Exit code: 0 drawn, 2 an option can't be used, the journal can't be read, or something can't be written.
    """
    from ledger.audit import random_sample as drawing

    plan = wanted.plan()
    with journal_to_read(journal) as kept:
        try:
            found = drawing.journal_sample(kept, plan, size)
        except drawing.TooRare as error:
            refuse(str(error))
        if proofs is not None:
            covered = found.checkpoint.size
            write_proofs(kept, [each.header.seq for each in found.drawn], proofs, covered)
            save_text(proofs / PLAN_FILE, (plan.text(covered),))
        write_report(kept, drawing.sample_lines(found.drawn), drawing.COLUMNS, ReportOptions(save=save))
    for line in _said(plan, found):
        err().print(line, soft_wrap=True)


def _said(plan: SamplePlan, found: Sample) -> Iterator[Text]:
    """By what was drawn, and how much."""
    size = found.checkpoint.size
    yield Text(f"seed      {plan.seed}")
    yield Text(f"wanted    {plan.count:,} of {plan.filter_words()}")
    yield Text(f"signed    by the checkpoint of {size:,} records, root {found.root}")
    yield Text(f"taken     {found.taken:,}, with {len(found.drawn):,} of {size:,} records drawn")


SampleArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="What `credence audit sample --proofs` wrote.")]
KeyOption = Annotated[
    str,
    typer.Option("--key", metavar="KEY", help="The journal's verifier key or a file with it.", rich_help_panel=READ),
]


def check_sample(*, folder: SampleArgument, key: KeyOption, wanted: PlanOptions, checkpoint: KeptOption = None) -> None:
    """Draw a sample again from its proofs, without the journal.

    Give the seed and the filter that you asked for: the folder must have been drawn by them. Each proof must hold by
    the key, all by one checkpoint, the one you took away; each record that the seed draws must be there, and no other.

    Example:  credence audit check-sample sample --seed 2026-12-24-lottery-07-19 --of order --key journal.vkey

    Exit code: 0 it is what your seed draws, 1 it isn't, 2 the folder, the key or an option can't be used.
    """
    from ledger.audit.random_sample import SampleFault, checked_sample, read_plan
    from ledger.store.text_files import small_text
    from ledger.store.trouble import FileTrouble
    from ledger.verify.trusted_key import brought_key, kept_checkpoint

    asked = wanted.plan()
    try:
        trusted = brought_key(key)
        note = None if checkpoint is None else kept_checkpoint(checkpoint).note
        text = small_text(folder / PLAN_FILE, "the sample's plan")
        proofs = {int(path.stem): small_text(path, "the proof") for path in folder.glob("*.tlog-proof")}
    except FileTrouble as error:
        refuse(str(error))
    except ValueError:
        refuse(f"`{folder}` has a proof that isn't called by a number; take it away")
    try:
        plan, size = read_plan(text)
        _same_plan(asked, plan)
        found = checked_sample(plan, size, proofs, *trusted.verifiers)
        if note is not None:
            _same_checkpoint(note, found, trusted.verifiers)
    except SampleFault as fault:
        out().print(Text.assemble(("FAULT", "bold red"), f"     {folder}: {fault}"), soft_wrap=True)
        raise typer.Exit(FOUND_PROBLEMS) from None
    for line in _said(plan, found):
        out().print(line, soft_wrap=True)
    if note is None:
        out().print(Text("root      not compared; give --checkpoint with the one you took away"), soft_wrap=True)
    out().print(Text("no fault"))


def _same_plan(asked: SamplePlan, plan: SamplePlan) -> None:
    """Raises `SampleFault` where the folder was drawn by anything else than what the auditor asked for."""
    from ledger.audit.random_sample import SampleFault

    names = {**_OPTIONS, "since": "from"}
    found = [
        f"--{names.get(name, name)} is {_word(here)}, and it was drawn by {_word(there)}"
        for name, here, there in asked.differing(plan)
    ]
    if found:
        raise SampleFault("; ".join(found))


def _word(value: object) -> str:
    return "not given" if value is None else f"`{value}`"


def _same_checkpoint(note: str, found: Sample, verifiers: Sequence[NoteVerifier]) -> None:
    """Raises `SampleFault`."""
    from ledger.audit.random_sample import SampleFault
    from ledger.record.checkpoints import read_checkpoint
    from ledger.record.signed_notes import BadNote

    try:
        kept = read_checkpoint(note, *verifiers)
    except BadNote as error:
        raise SampleFault(f"the checkpoint that you gave: {error}") from error
    if kept != found.checkpoint:
        size, drawn = kept.size, found.checkpoint.size
        what = f"that of {drawn:,} records" if size != drawn else "another one of as many records"
        raise SampleFault(f"it was drawn by {what}, not by the checkpoint of {size:,} records that you gave")
