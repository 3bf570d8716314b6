"""`credence init`: a folder to start from, out of what the distribution carries."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.cli.console import INTERRUPTED, out, print_json, refuse
from api.cli.options import POLICIES, JsonOption
from api.starter import write_starter
from api.starter.in_currency import OWN_CURRENCY
from api.starter.round_factors import ROUND_FACTORS
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from files.input_refused import InputRefused

CurrencyOption = Annotated[
    str,
    typer.Option(
        "--currency",
        metavar="CODE",
        help="The currency of all amounts, by its ISO 4217 code.",
        show_default=True,
        rich_help_panel=POLICIES,
    ),
]

BESIDE_POLICIES = ("facts.yaml", "invariants.yaml")
"""Files of a new site that stand among its policies and are none."""

_SAMPLE_DAY = "2026-06-30"


def init(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder; made where it doesn't exist.")],
    currency: CurrencyOption = OWN_CURRENCY,
    as_json: JsonOption = False,
) -> None:
    """Write the default policies, schemas for editors and a sample to a new folder, ready to check, decide and serve.

    DIR/rules holds the policies as YAML, with lists (lists/), tests (cases/) and row maps (maps/): they are yours to
    edit. DIR/schema lets editors complete and underline them. DIR/sample has a request of each kind, orders, open items
    and a ledger of invoices to try them on. A folder that holds anything is refused: nothing is ever overwritten.

    With --currency the amounts of policies, tests and sample are that currency's, by one round factor: 10,000 euros
    become 2,000,000 yen. They are to begin with; look them through.

    Example:  credence init credit

    Example:  credence init credit --currency JPY

    Then:  cd credit;  credence check;  credence decide sample/order.json

    Exit code: 0 written, 2 DIR is not empty or can't be written; then nothing is left there.
    """
    if currency not in MINOR_UNITS:
        message, hint = not_a_currency(currency)
        refuse(f"--currency: {message}; {hint}")
    try:
        names = write_starter(folder, currency)
    except InputRefused as refused:
        refuse(str(refused))
    except FileExistsError:
        refuse(f"`{folder}` is a file, not a folder; give a new folder")
    except OSError as error:
        refuse(f"`{folder}` can't be written: {error.strerror}")
    except KeyboardInterrupt:
        refuse("interrupted; nothing was written", INTERRUPTED)
    if as_json:
        print_json({"folder": str(folder), "currency": currency, "files": list(names)})
    else:
        out().print(Text(_summary(folder, names, currency)))


def _summary(folder: Path, names: Sequence[str], currency: str) -> str:
    """What was written, and the commands to try next, each as it is to be typed from where the user stands."""
    parts = ("rules/cases/", "rules/maps/", "rules/lists/", "schema/")
    tests, maps, lists, schemas = (_under(names, part) for part in parts)
    policies = _under(names, "rules/") - tests - maps - lists - len(BESIDE_POLICIES)
    beside = " and ".join(BESIDE_POLICIES)
    enter = "" if folder.resolve() == Path.cwd() else f"  cd {shlex.quote(str(folder))}\n"
    return f"""\
{len(names)} files written to {folder}:
  rules   {policies} policies, {beside}, {lists} lists, {tests} files of policy tests, {maps} maps of files
  schema  {schemas} JSON Schemas for editors
  sample  a request of each kind, orders, open items, a ledger of invoices
{_of_amounts(currency)}next:
{enter}  credence check
  credence decide sample/order.json
  credence portfolio sample/open_items.csv --map rules/maps/open_items.yaml --as-of {_SAMPLE_DAY}
  credence serve --insecure-local"""


def _of_amounts(currency: str) -> str:
    if currency == OWN_CURRENCY:
        return ""
    factor = f"{ROUND_FACTORS[currency]:f}"
    return f"amounts are those in euros times {factor}, in {currency}; look through what is `for: {currency}`\n"


def _under(names: Sequence[str], part: str) -> int:
    """How many of the files stand below a folder of the new site."""
    return sum(name.startswith(part) for name in names)
