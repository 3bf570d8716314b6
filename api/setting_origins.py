"""Where each setting comes from, and which variables are meant for credence and are none of its settings.

    the option of `credence serve`   before   the environment variable   before   the default

A variable that is mistyped would leave its setting at the default, and nobody would see it: the service doesn't start
with one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.settings import PREFIX, Settings, variable_of
from engine.diagnostics.wording import did_you_mean
from ledger.store.place import ServerAddress

COMMANDS_ONLY = ("CREDENCE_KEY",)
"""Variables that commands read, and the service doesn't."""

SETTING_VARIABLES = tuple(map(variable_of, Settings.model_fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingShown:
    """One setting as it is in force."""

    variable: str
    """`CREDENCE_PORT`."""

    value: str
    """As text; a password is not in it. Empty: none."""

    origin: str
    """`option --port`, `environment` or `default`."""

    meaning: str
    """What it does."""


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A line for each variable that begins as ours do and is none, with the one that was probably meant."""
    lines = []
    for name in sorted(environment):
        if name.upper().startswith(PREFIX) and name.upper() not in (*SETTING_VARIABLES, *COMMANDS_ONLY):
            hint = did_you_mean(name.upper(), SETTING_VARIABLES) or "`credence config` lists all of them"
            lines.append(f"the variable {name[:80]} is no setting; {hint}")
    return lines


def settings_shown(
    settings: Settings, environment: Mapping[str, str], options: Mapping[str, object]
) -> list[SettingShown]:
    """Every setting. `options`: those that were typed, by the setting's name."""
    given = {name.upper() for name in environment}
    return [
        SettingShown(
            variable=variable_of(name),
            value=_text(getattr(settings, name)),
            origin=_origin(name, given, options),
            meaning=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def _origin(name: str, given: set[str], options: Mapping[str, object]) -> str:
    if name in options:
        return f"option --{name.replace('_', '-')}"
    return "environment" if variable_of(name) in given else "default"


def _text(value: Any) -> str:
    """An address on a server is shown without its password."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, ServerAddress) or value is not None else ""
