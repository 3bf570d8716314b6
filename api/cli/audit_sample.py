"""`credence audit sample` and `check-sample`: records drawn by a seed, and the drawing checked elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.audit import OutOption, ReportOptions, save_text, write_proofs, write_report
from api.cli.console import FOUND_PROBLEMS, err, out, refuse
from api.cli.options import FOUND, READ, WRITTEN, JournalOption
from api.cli.record_options import OutcomeOption, SinceOption, UntilOption, journal_to_read

PLAN_FILE = "sample.json"
_SEED_MAX = 200

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
SampleFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--proofs",
        metavar="FOLDER",
        help="Write what it takes to check the drawing into this new folder: the plan, and a proof of each record.",
        rich_help_panel=WRITTEN,
    ),
]


def sample(
    *,
    seed: SeedOption,
    count: CountOption = 25,
    of: CaseWordOption = None,
    outcome: OutcomeOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
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
    from ledger.search.filter_words import FilterRefused, read_filter

    words = {"case": of, "outcome": outcome, "from": since, "until": until}
    try:
        wanted = read_filter({name: word for name, word in words.items() if word is not None})
    except FilterRefused as refused:
        names = {"case": "of"}
        refuse("\n".join(f"--{names.get(each.name, each.name)} {each.message}; {each.hint}" for each in refused.faults))
    if not 1 <= count <= drawing.COUNT_MAX:
        refuse(f"--count is {count}; write 1 to {drawing.COUNT_MAX:,}")
    if not 1 <= len(seed) <= _SEED_MAX or not seed.isprintable():
        refuse(f"--seed is empty, longer than {_SEED_MAX} characters or holds what nobody sees; write a word")
    plan = drawing.SamplePlan(
        seed=seed, count=count, case=wanted.case, outcome=wanted.outcome, since=wanted.since, until=wanted.until
    )
    with journal_to_read(journal) as kept:
        drawn, size = kept.ask(lambda connection, _: drawing.journal_sample(connection, plan))
        if proofs is not None:
            write_proofs(kept, [each.header.seq for each in drawn], proofs, size)
            save_text(proofs / PLAN_FILE, plan.text(size))
        write_report(kept, drawing.sample_lines(drawn), drawing.COLUMNS, ReportOptions(save=save))
    taken = sum(each.is_taken for each in drawn)
    err().print(Text(f"{taken:,} of {count:,} taken, {len(drawn):,} of {size:,} records drawn"))


SampleArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="What `credence audit sample --proofs` wrote.")]
KeyOption = Annotated[
    str,
    typer.Option("--key", metavar="KEY", help="The journal's verifier key or a file with it.", rich_help_panel=READ),
]


def check_sample(*, folder: SampleArgument, key: KeyOption) -> None:
    """Draw a sample again from its proofs, without the journal.

    Each proof must hold by the key, all by one checkpoint; each record that the seed draws must be there, and no other.

    Example:  credence audit check-sample sample --key journal.vkey

    Exit code: 0 it is what its seed draws, 1 it isn't, 2 the folder or the key can't be read.
    """
    from ledger.audit.random_sample import SampleFault, checked_sample, read_plan
    from ledger.store.text_files import small_text
    from ledger.store.trouble import FileTrouble
    from ledger.verify.trusted_key import brought_key

    try:
        trusted = brought_key(key)
        text = small_text(folder / PLAN_FILE, "the sample's plan")
        proofs = {int(path.stem): small_text(path, "the proof") for path in folder.glob("*.tlog-proof")}
    except FileTrouble as error:
        refuse(str(error))
    except ValueError:
        refuse(f"`{folder}` has a proof that isn't called by a number; take it away")
    try:
        plan, size = read_plan(text)
        drawn = checked_sample(plan, size, proofs, trusted.verifier)
    except SampleFault as fault:
        out().print(Text.assemble(("FAULT", "bold red"), f"     {folder}: {fault}"), soft_wrap=True)
        raise typer.Exit(FOUND_PROBLEMS) from None
    taken = sum(each.is_taken for each in drawn)
    out().print(Text(f"{taken:,} of {plan.count:,} taken, {len(drawn):,} of {size:,} records drawn by `{plan.seed}`"))
    out().print(Text("no fault"))
