"""Changes the core on purpose, one small slip at a time, and lists the slips that no test notices.

A comparison turned round, a number off by one, a condition negated: what survives is behaviour that no test holds. The
slips are Cosmic Ray's; this draws some of each module's, so that a run ends in minutes, and tests each in a copy of the
tree with the tests that stand beside its module below. `make mutants` runs it; CI doesn't.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue
from threading import Lock

from cosmic_ray.commands import init
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec
from rich.console import Console
from rich.progress import track

ROOT = Path(__file__).parents[1]

SURVIVORS_MAX = 0.05
"""Share of the slips drawn that may go unnoticed; above it the exit code is 1."""

_CREDIT = (
    "ledger/items/test_postings.py",
    "ledger/credit/test_accounts.py",
    "ledger/credit/test_account_facts.py",
    "ledger/credit/test_bounds.py",
    "ledger/credit/test_order_moves.py",
    "ledger/credit/test_group_sisters.py",
    "ledger/credit/test_letters.py",
    "ledger/credit/test_splits.py",
    "ledger/credit/test_business_day.py",
    "ledger/credit/test_facts_against_histories.py",
    "ledger/credit/test_passes_at.py",
    "ledger/credit/test_scenarios.py",
)
"""Of the ledger's nouns and verbs, the quick ones first: a slip in one verb shows in what the next finds."""

CORE = {
    # the engine: what a case is decided by
    "engine/vocabulary/binding.py": (
        "engine/vocabulary/test_binding.py",
        "engine/test_lists.py",
        "engine/deciding/test_decisions.py",
    ),
    "engine/vocabulary/rates.py": ("engine/vocabulary/test_rates.py",),
    "engine/ruleset/interpret.py": (
        "engine/lowering/python/test_python_form.py",
        "engine/lowering/rete/test_rete_form.py",
        "engine/ruleset/test_formulas_against_feel.py",
        "engine/deciding/test_matching.py",
        "engine/deciding/test_decisions.py",
    ),
    "engine/proving/regions.py": ("engine/proving/test_table_checks.py",),
    "engine/proving/table_checks.py": ("engine/proving/test_table_checks.py", "engine/compiling/test_check.py"),
    "engine/proving/covering.py": ("engine/proving/test_covering.py", "engine/compiling/test_check.py"),
    "engine/compiling/hit_policies.py": (
        "engine/compiling/test_hit_policies.py",
        "engine/deciding/test_decisions.py",
        "engine/deciding/test_unknown_rows.py",
        "engine/lowering/python/test_python_form.py",
    ),
    "engine/lowering/python/python_form.py": (
        "engine/lowering/python/test_python_form.py",
        "engine/deciding/test_decisions.py",
    ),
    "engine/lowering/rete/rete_form.py": (
        "engine/lowering/rete/test_rete_form.py",
        "engine/deciding/test_decisions.py",
    ),
    "engine/deciding/evaluator.py": (
        "engine/deciding/test_missing_list.py",
        "engine/deciding/test_exceptions.py",
        "engine/deciding/test_actions.py",
        "engine/deciding/test_figures.py",
        "engine/deciding/test_decisions.py",
    ),
    "engine/deciding/waivers.py": ("engine/deciding/test_exceptions.py",),
    "engine/deciding/missing.py": (
        "engine/deciding/test_decisions.py",
        "engine/explaining/test_explain.py",
        "engine/test_lists.py",
        "engine/deciding/test_unknown_rows.py",
    ),
    "engine/deciding/missing_list.py": (
        "engine/deciding/test_missing_list.py",
        "engine/deciding/test_decisions.py",
    ),
    "engine/proving/smt/encode.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/terms.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/term_values.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/rounding.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/calendar_terms.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/products.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/free_facts.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/questions.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/settle.py": ("engine/proving/smt", "engine/test_proofs.py"),
    "engine/proving/smt/solver.py": ("engine/proving/smt", "engine/test_proofs.py"),
    # files: what cells mean
    "files/rows.py": ("files/test_rows.py", "files/test_other_files.py", "files/test_readers_agree.py"),
    "engine/vocabulary/strict_json.py": ("engine/vocabulary/test_strict_json.py",),
    "files/maps/number_format.py": ("files/maps/test_row_map.py", "files/maps/test_columns_agree.py"),
    "files/maps/date_format.py": (
        "files/maps/test_row_map.py",
        "files/maps/test_month_names.py",
        "files/maps/test_columns_agree.py",
    ),
    "files/maps/mapped_rows.py": (
        "files/maps/test_row_map.py",
        "files/maps/test_lists_in_cells.py",
        "files/maps/test_persons_from_formulas.py",
        "files/maps/test_row_currency.py",
        "files/test_blanks_around_texts.py",
    ),
    # receivables: what open items say
    "receivables/ratios.py": ("receivables/test_ratios.py", "receivables/portfolio", "receivables/report"),
    "receivables/months.py": ("receivables",),
    "receivables/account_facts.py": ("receivables/test_account_facts.py", "receivables/portfolio/test_portfolio.py"),
    "receivables/payment_record.py": ("receivables/test_payment_record.py", "receivables/test_account_facts.py"),
    "receivables/figures.py": ("receivables/portfolio",),
    "receivables/portfolio/portfolio_rows.py": ("receivables/portfolio", "api/cli/test_cli_portfolio.py"),
    "receivables/portfolio/portfolio_decisions.py": ("receivables/portfolio",),
    "receivables/backtest/backtest.py": ("receivables/backtest/test_backtest.py",),
    "receivables/backtest/backtest_figures.py": ("receivables/backtest/test_backtest.py",),
    "receivables/backtest/replay.py": ("receivables/backtest/test_backtest.py",),
    "receivables/backtest/uncertainty.py": ("receivables/backtest/test_uncertainty.py",),
    # the ledger: what is on record, and who may change what decides
    "ledger/record/canonical_json.py": ("ledger/record/test_canonical_json.py",),
    "ledger/record/merkle_tree.py": ("ledger/record/test_merkle_tree.py",),
    "ledger/record/log_tiles.py": ("ledger/record/test_merkle_tree.py",),
    "ledger/record/signed_notes.py": ("ledger/record/test_signed_notes.py",),
    "ledger/record/body_parts.py": ("ledger/record",),
    "ledger/record/decision_parts.py": ("ledger/record",),
    "engine/deciding/answer_text.py": ("ledger/record",),
    "ledger/journal/journal.py": (
        "ledger/journal/test_journal.py",
        "ledger/journal/test_clock.py",
        "ledger/journal/test_disk.py",
        "ledger/journal/test_journal_opened.py",
    ),
    "ledger/policies/vanished.py": ("ledger/policies/test_vanished.py",),
    "ledger/access/changes.py": ("ledger/access",),
    # the ledger: what is owed, and what an order may have
    "ledger/imports/file_rows.py": ("ledger/imports/test_faulty_files.py", "ledger/imports/test_importing.py"),
    "ledger/credit/account.py": _CREDIT,
    "ledger/credit/account_fact_group.py": _CREDIT,
    "ledger/credit/amounts.py": _CREDIT,
    "ledger/credit/asked_order.py": _CREDIT,
    "ledger/credit/assign_grade.py": _CREDIT,
    "ledger/credit/block_account.py": _CREDIT,
    "ledger/credit/bounds.py": _CREDIT,
    "ledger/credit/change.py": _CREDIT,
    "ledger/credit/change_order.py": _CREDIT,
    "ledger/credit/command_posting.py": _CREDIT,
    "ledger/credit/cover_facts.py": _CREDIT,
    "ledger/credit/deliver.py": _CREDIT,
    "ledger/credit/entry.py": _CREDIT,
    "ledger/credit/exchange.py": _CREDIT,
    "ledger/credit/fact_origins.py": _CREDIT,
    "ledger/credit/facts.py": _CREDIT,
    "ledger/credit/judging.py": _CREDIT,
    "ledger/credit/ledger_state.py": _CREDIT,
    "ledger/credit/limit.py": _CREDIT,
    "ledger/credit/limit_end.py": _CREDIT,
    "ledger/credit/limit_facts.py": _CREDIT,
    "ledger/credit/limit_request.py": _CREDIT,
    "ledger/credit/moves.py": _CREDIT,
    "ledger/credit/numbered_delivery.py": _CREDIT,
    "ledger/credit/order.py": _CREDIT,
    "ledger/credit/passes_at.py": _CREDIT,
    "ledger/credit/payment_facts.py": _CREDIT,
    "ledger/credit/profile.py": _CREDIT,
    "ledger/credit/put_account.py": _CREDIT,
    "ledger/credit/put_group.py": _CREDIT,
    "ledger/credit/put_security.py": _CREDIT,
    "ledger/credit/readable.py": ("ledger/credit/test_readable.py",),
    "ledger/credit/recheck.py": _CREDIT,
    "ledger/credit/record_figures.py": _CREDIT,
    "ledger/credit/release_order.py": _CREDIT,
    "ledger/credit/release_terms.py": _CREDIT,
    "ledger/credit/reopen.py": _CREDIT,
    "ledger/credit/security.py": _CREDIT,
    "ledger/credit/shown.py": _CREDIT,
    "ledger/credit/sisters.py": _CREDIT,
    "ledger/credit/snapshot.py": _CREDIT,
    "ledger/credit/stop.py": _CREDIT,
    "ledger/credit/submit.py": _CREDIT,
    "ledger/items/billing_notices.py": _CREDIT,
    "ledger/items/booked.py": _CREDIT,
    "ledger/items/import_chunk.py": ("ledger/imports/test_importing.py", "ledger/imports/test_faulty_files.py"),
    "ledger/items/import_run.py": ("ledger/imports/test_importing.py", "ledger/imports/test_faulty_files.py"),
    "ledger/items/item.py": _CREDIT,
    "ledger/items/keeping.py": _CREDIT,
    "ledger/items/match_open_item.py": _CREDIT,
    "ledger/items/post_credit_note.py": _CREDIT,
    "ledger/items/post_deposit.py": _CREDIT,
    "ledger/items/post_invoice.py": _CREDIT,
    "ledger/items/post_payment.py": _CREDIT,
    "ledger/items/put_rates.py": _CREDIT,
    "ledger/items/reverse.py": _CREDIT,
    "ledger/items/settling.py": _CREDIT,
    "ledger/items/totals.py": _CREDIT,
}
"""Modules with the tests, under tests/, that have to notice a slip in them."""

UNFIT = (
    "core/RemoveDecorator",  # without `lru_cache` all is the same, without `dataclass` nothing runs
    "core/VariableReplacer",
    "core/VariableInserter",
    "core/ReplaceComparisonOperator_Eq_Is",  # equal words and small numbers are mostly one object
    "core/ReplaceComparisonOperator_Is_Eq",
    "core/ReplaceComparisonOperator_IsNot_NotEq",
    "core/ReplaceComparisonOperator_NotEq_IsNot",
    "core/ReplaceUnaryOperator_USub_Invert",  # ~x is -x - 1: the same order
)
"""Slips that change nothing a test could see, or nothing that anybody would mean."""


SILENT_NAMES = {
    "_YEARS": "the years of days that are tried: more or fewer find the same, as long as there are leap years",
    "_DAYS_REMEMBERED": "how much is kept of what can be computed again",
}
"""What is assigned to these changes no answer; the reason beside each."""


_SILENT_ARGUMENTS = {
    ("zip", "strict"): "what it's given is of one length",
    ("field", "hash"): "no command is looked up by its hash",
}


@dataclass(frozen=True, slots=True)
class Slip:
    module: str
    spec: MutationSpec
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {self.spec.operator_name.removeprefix('core/')}"


@dataclass(frozen=True, slots=True)
class Tried:
    slip: Slip
    survived: bool
    before: str
    after: str


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "modules", nargs="*", metavar="MODULE", help="such as engine/vocabulary/binding.py; default: the core"
    )
    arguments.add_argument("--each", type=int, default=12, help="slips drawn in each module (default 12)")
    arguments.add_argument("--seed", type=int, default=None, help="draw the same slips again (default: by the day)")
    arguments.add_argument("--minutes", type=float, default=30, help="stop drawing after so long (default 30)")
    arguments.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="slips tried at once (default: one for each core)"
    )
    asked = arguments.parse_args()
    unknown = [module for module in asked.modules if module not in CORE]
    if unknown:
        arguments.error(f"no tests are named for {', '.join(unknown)}; add them to CORE in {Path(__file__).name}")
    seed = int(time.time() // 86_400) if asked.seed is None else asked.seed
    slips = _drawn(asked.modules or CORE, asked.each, seed)
    sys.exit(_report(_try_all(slips, asked.minutes * 60, asked.processes), seed))


def _drawn(modules: Sequence[str] | dict[str, tuple[str, ...]], each: int, seed: int) -> list[Slip]:
    """A few slips of every module, in random order."""
    chance = random.Random(seed)
    drawn: list[Slip] = []
    for module in modules:
        slips = list(_slips(module))
        drawn += chance.sample(slips, min(each, len(slips)))
    chance.shuffle(drawn)
    return drawn


def _slips(module: str) -> Iterator[Slip]:
    """All that could be made of a module, less those that change nothing: in annotations, decorators and
    `SILENT_NAMES`, in the mark of parameters by name, and in `_SILENT_ARGUMENTS`."""
    silent = _silent_places(ast.parse((ROOT / module).read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder, use_db(Path(folder) / "slips.sqlite", WorkDB.Mode.create) as slips:
        init([ROOT / module], slips, {})
        for item in slips.work_items:
            (spec,) = item.mutations
            line, column = spec.start_pos
            if spec.operator_name not in UNFIT and not any(first <= (line, column) < last for first, last in silent):
                yield Slip(module, spec, line)


Place = tuple[int, int]


def _silent_places(tree: ast.AST) -> list[tuple[Place, Place]]:
    silent: list[ast.expr] = []
    marks: list[tuple[Place, Place]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in SILENT_NAMES:
            silent.append(node.value)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            silent.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            silent += [*node.decorator_list, *([node.returns] if node.returns else [])]
            marks += _keyword_marks(node)
        elif isinstance(node, ast.ClassDef):
            silent += node.decorator_list
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            silent += [each.value for each in node.keywords if (node.func.id, each.arg) in _SILENT_ARGUMENTS]
    return marks + [(_start(node), _end(node)) for node in silent]


def _keyword_marks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[Place, Place]]:
    """Where the `*` stands behind which parameters are given by name only: `/` in its place changes no call here."""
    given = function.args
    if given.vararg is not None or not given.kwonlyargs:
        return []
    before = [*given.posonlyargs, *given.args, *given.defaults]
    return [(max(map(_end, before), default=_start(function)), _start(given.kwonlyargs[0]))]


def _start(node: ast.expr | ast.arg | ast.stmt) -> Place:
    return node.lineno, node.col_offset


def _end(node: ast.expr | ast.arg) -> Place:
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def _try_all(slips: Sequence[Slip], seconds: float, workers: int) -> list[Tried]:
    """Each worker has a copy of the tree, since a slip is made in the file itself."""
    end = time.monotonic() + seconds
    trees: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(workers):
            trees.put(_copy(Path(folder) / str(number)))
        usual: dict[str, float] = {}
        measuring = Lock()

        def tried(slip: Slip) -> Tried | None:
            if time.monotonic() > end:
                return None
            tree = trees.get()
            try:
                tests = CORE[slip.module]
                with measuring:
                    for name in tests:
                        if name not in usual:
                            usual[name] = _usual_seconds(name, tree)
                return _try(slip, tree, sum(usual[name] for name in tests))
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(workers) as pool:
            found = track(pool.map(tried, slips), "slips", len(slips), console=Console(stderr=True))
            return [each for each in found if each is not None]


def _copy(folder: Path) -> Path:
    """Compiled once; a module with a slip in it is compiled anew, since its hash is another one."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return folder


def _usual_seconds(name: str, tree: Path) -> float:
    """Of one file or folder of tests. Ends the run where they fail without any slip."""
    started = time.monotonic()
    if said := _failure([name], tree, 600):
        sys.exit(f"{said}\nthese tests fail as it is: {' '.join(_command([name]))}")
    return time.monotonic() - started


def _try(slip: Slip, tree: Path, usual: float) -> Tried:
    operator = get_operator(slip.spec.operator_name)(**slip.spec.operator_args)
    with use_mutation(tree / slip.module, operator, slip.spec.occurrence) as (before, after):
        survived = after is not None and _failure(CORE[slip.module], tree, 10 + 5 * usual) is None
    first, last = slip.line - 1, slip.spec.end_pos[0]
    return Tried(slip, survived, _lines(before, first, last), _lines(after or before, first, last))


def _lines(text: str, first: int, last: int) -> str:
    return "\n".join(text.splitlines()[first:last])


def _failure(tests: Sequence[str], tree: Path, seconds: float) -> str | None:
    """What the tests say where they fail. A slip that makes a test go on for ever is noticed too."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        run = subprocess.run(_command(tests), cwd=tree, env=environment, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"not done after {seconds:.0f} s"
    said = (run.stdout + run.stderr).decode(errors="replace").strip()
    return None if run.returncode == 0 else said or f"exit code {run.returncode}"


def _command(tests: Sequence[str]) -> list[str]:
    paths = [f"tests/{name}" for name in tests]
    without_server = ("-k", "not postgresql")  # it keeps what the same modules say, and takes long to start
    return [sys.executable, "-m", "pytest", "-x", "-n", "0", "-p", "no:cacheprovider", *without_server, *paths]


def _report(tried: Sequence[Tried], seed: int) -> int:
    survivors = [each for each in tried if each.survived]
    for each in sorted(survivors, key=lambda each: (each.slip.module, each.slip.line)):
        print(f"\n{each.slip}\n- {each.before.strip()}\n+ {each.after.strip()}")
    share = len(survivors) / len(tried) if tried else 1.0
    print(f"\n{len(tried)} slips, {len(survivors)} unnoticed ({share:.1%}; at most {SURVIVORS_MAX:.0%}); --seed {seed}")
    return int(share > SURVIVORS_MAX)


if __name__ == "__main__":
    main()
