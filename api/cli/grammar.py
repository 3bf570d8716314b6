"""How commands are declared: options in blocks that several commands share, help in groups, refusals in plain words.

A command is a function whose parameters are options (`api.cli.options` defines each of them once) or *option blocks*:
dataclasses whose fields are options. `with_blocks` makes of it what typer understands, and `Command` prints its help.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from api.cli.console import refuse
from api.cli.idle_options import idle_option
from api.cli.options import PANELS
from api.cli.summary_option import with_summary_by
from api.cli.usage_errors import in_plain_words

_ARGUMENTS = "Arguments"
_OTHERS = "Other options"
_DEFAULT = re.compile(r"(?<=\[default: )\(([^)]*)\)")
"""A default that is told in words: typer puts parentheses around it."""


def with_blocks(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each option block replaced by the block's fields, as typer wants its parameters.

    A block is a dataclass; its fields become parameters of the command, in their order, and one object of it is made of
    their values. With

        @dataclass(frozen=True, slots=True, kw_only=True)
        class CsvOptions:
            encoding: EncodingOption = "utf-8"
            delimiter: DelimiterOption = ","

        def portfolio(files: FilesArgument, csv: CsvOptions) -> None: ...

    typer sees `portfolio(*, files, encoding="utf-8", delimiter=",")`.
    """
    hints = get_type_hints(command, include_extras=True)
    blocks: dict[str, Any] = {name: hint for name, hint in hints.items() if dataclasses.is_dataclass(hint)}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name in blocks:
            parameters += _fields(blocks[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))

    def run(**values: Any) -> None:
        for name, block in blocks.items():
            values[name] = block(**{field.name: values.pop(field.name) for field in dataclasses.fields(block)})
        command(**values)

    run.__doc__ = command.__doc__
    run.__name__ = command.__name__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by inspect.signature
    return run


def _fields(block: Any) -> list[inspect.Parameter]:
    """The parameters that a block's fields become, in their order; keywords, with the fields' defaults."""
    hints = get_type_hints(block, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(block)
    ]


def help_rows(command: Any, context: Any) -> list[tuple[str, str, str]]:
    """Group, name and help of each argument and option of a command, sorted by group in the order of `PANELS`.

    For example `("The policies", "--rules DIR", "Folder of the policies.  [default: rules]")`.
    """
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            is_argument = parameter.param_type_name == "argument"
            group = _ARGUMENTS if is_argument else getattr(parameter, "rich_help_panel", None) or _OTHERS
            name = record[0].partition(" <")[0] if is_argument else record[0]  # its Python type tells nobody anything
            rows.append((group, name, _DEFAULT.sub(r"\1", record[1])))
    order = (_ARGUMENTS, *PANELS, _OTHERS)
    return sorted(rows, key=lambda row: order.index(row[0]))


class Command(TyperCommand):
    """A command whose `--help` shows its options in the groups of `PANELS`; it refuses an option without effect."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises what typer raises on wrong usage; the command ends where an option would change nothing."""
        rest = super().parse_args(ctx, args)
        if refusal := idle_option(ctx.info_name, _given(ctx)):
            refuse(refusal)
        return rest

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes one section for each group that has options."""
        for group, rows in groupby(help_rows(self, ctx), key=itemgetter(0)):
            with formatter.section(group):
                formatter.write_dl([(name, text) for _, name, text in rows])


def _given(context: Any) -> set[str]:
    """The options and arguments that were typed, by all their names; of an argument its metavar."""
    given: set[str] = set()
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name)
        if source is not None and source.name == "COMMANDLINE":
            is_argument = parameter.param_type_name == "argument"
            given |= {parameter.metavar} if is_argument else {*parameter.opts, *parameter.secondary_opts}
    return given


class FileCommand(Command):
    """A command that decides files of rows: `--summary NAMES` is understood as `--summary-by NAMES`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises what typer raises on wrong usage; the command ends where `--summary` can be read in two ways."""
        return super().parse_args(ctx, with_summary_by(args))


class Commands(TyperGroup):
    """All commands of `credence`; what typer says of a wrong option is said in plain words."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; its exit code is typer's, or the one of `typer.Exit`."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = in_plain_words(error.message)
            raise


def rules_folder(argument: Path | None, option: Path | None, default: Path) -> Path:
    """The folder of the policies of a command that takes it as an argument and as `--rules`; ends the command where
    both are given and differ. `credence check rules` and `credence check --rules rules` are the same.
    """
    if argument is not None and option is not None and argument != option:
        refuse(f"the folder of the policies is given twice, as `{argument}` and as --rules `{option}`; give one")
    return argument or option or default


def register(
    app: typer.Typer,
    commands: Sequence[tuple[str, Callable[..., None], str]],
    file_commands: set[str],
    lines: Mapping[str, str],
) -> None:
    """Adds commands to `app`: name, function, and the line that lists it. `file_commands` names those that decide
    files. A name of two words, `keys create`, is a command of the group `keys`, which `lines` has a line for.

        register(app, (("check", check, "Find every mistake."),), file_commands=set(), lines={})
    """
    groups: dict[str, typer.Typer] = {}
    for name, command, line in commands:
        of_name = FileCommand if name in file_commands else Command
        group, _, act = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(
                cls=Commands, no_args_is_help=True, rich_markup_mode=None, short_help=lines[group]
            )
            app.add_typer(groups[group], name=group)
        (groups[group] if group else app).command(act, cls=of_name, short_help=line)(with_blocks(command))
