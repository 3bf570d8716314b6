"""`credence activate`: puts a policy change into force that takes a file, a policy or a rule away, or waives rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json, refuse
from api.cli.options import JsonOption, YesOption
from api.cli.running_service import KEY_WANTED, NOT_CREDENCE, ServiceOptions

_GONE = (
    ("files", "file"),
    ("policies", "policy"),
    ("rules", "rule"),
    ("exceptions", "rules waived by"),
)


def activate(*, service: ServiceOptions, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Show what the pending policy change would take away, and with --yes put it into force.

    A change of the rules folder that removes a file, a policy or a rule doesn't take effect by being saved: it could be
    a file that was lost, and what is left would pass what it held. Nor does an exception that is new or says something
    else. The set before decides on, and /readyz shows the change as pending, until this command says that it is meant.
    It needs a key with the role approver, in the environment variable CREDENCE_KEY or a file; a service that was
    started with --insecure-local asks for none.

    Example:  credence activate

    Example:  credence activate --yes

    Exit code: 0 activated, or nothing is pending; 1 a change is pending and was not activated; 2 the service can't be
    reached.
    """
    state = service.ask("/readyz", refusals_too=True)
    if "pending" not in state:  # a refusal, or somebody else's JSON, says nothing about changes
        if set(state) == {"ready"}:
            refuse(f"the service at `{service.url}` wants a key with the role approver; {KEY_WANTED}")
        refuse(str(state["detail"]) if state.get("status") in (401, 403) else NOT_CREDENCE.format(url=service.url))
    pending = state["pending"]
    if pending is None:
        _print(
            "nothing is pending; a change that takes nothing away takes effect when it is saved",
            {"pending": None, "activated": False},
            as_json=as_json,
        )
        return
    _print_gone(pending)
    version = pending.get("version")
    if version is None:
        refuse("the files in the rules folder have mistakes; mend them first, /readyz lists them", FOUND_PROBLEMS)
    if not yes:
        waits = f"pending: version {version}; `credence activate --yes` puts it into force"
        _print(waits, {"pending": pending, "activated": False}, as_json=as_json, style="yellow")
        raise typer.Exit(FOUND_PROBLEMS)
    service.ask("/v1/policies/activate", {"version": version})
    decides = f"activated: version {version} decides from now on"
    _print(decides, {"pending": pending, "activated": True}, as_json=as_json, style="green")


def _print(line: str, data: Mapping[str, Any], *, as_json: bool, style: str = "") -> None:
    """Prints one line in a style of rich, or with `as_json` the data instead."""
    if as_json:
        print_json(data)
    else:
        out().print(Text(line, style))


def _print_gone(pending: Mapping[str, Any]) -> None:
    err().print(Text("the change in the rules folder takes away:", "bold"))
    for key, noun in _GONE:
        for name in pending.get(key, ()):
            err().print(Text(f"  {noun} {name}"))
