"""`credence activate`: puts a policy change into force that takes a file, a policy or a rule away, or waives rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPException
from typing import Annotated, Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import typer
from rich.text import Text

from api.cli.console import FOUND_PROBLEMS, err, out, print_json, refuse
from api.cli.options import RUNNING, JsonOption

SECONDS_MAX = 60
"""For an answer: activating compiles nothing, but waits for a change that is being compiled."""

_ANSWER_BYTES_MAX = 16 << 20
_NOT_CREDENCE = "what answers at `{url}` is not credence, or refuses; give the service's --url"
_GONE = (
    ("files", "file"),
    ("policies", "policy"),
    ("rules", "rule"),
    ("exceptions", "rules waived by"),
)

UrlOption = Annotated[
    str,
    typer.Option(
        "--url",
        metavar="URL",
        help="Where the service listens, on this machine.",
        show_default=True,
        rich_help_panel=RUNNING,
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Put the pending set into force.", rich_help_panel=RUNNING)]


def activate(*, url: UrlOption = "http://127.0.0.1:8000", yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Show what the pending policy change would take away, and with --yes put it into force.

    A change of the rules folder that removes a file, a policy or a rule doesn't take effect by being saved: it could be
    a file that was lost, and what is left would pass what it held. Nor does an exception that is new or says something
    else. The set before decides on, and /readyz shows the change as pending, until this command says that it is meant.
    It must run on the service's own machine.

    Example:  credence activate

    Example:  credence activate --yes

    Exit code: 0 activated, or nothing is pending; 1 a change is pending and was not activated; 2 the service can't be
    reached.
    """
    state = _answer(url, "/readyz")
    if "pending" not in state:  # a refusal, or somebody else's JSON, says nothing about changes
        refuse(_NOT_CREDENCE.format(url=url))
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
    _answer(url, "/v1/policies/activate", {"version": version})
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


def _answer(url: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The service's answer; ends the command where there is none, or where it refuses."""
    headers = {"Accept": "application/json", **({"Content-Type": "application/json"} if body else {})}
    try:
        request = Request(url.rstrip("/") + path, json.dumps(body).encode() if body else None, headers)
        if request.type not in ("http", "https"):
            refuse(f"`{url}` is not the address of a service; write it like http://127.0.0.1:8000")
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS_MAX) as answer:
            return _read(answer.read(_ANSWER_BYTES_MAX), url)
    except HTTPError as error:
        refused = _read(error.read(_ANSWER_BYTES_MAX), url)
        if body is None:  # a service that is not ready says why in the same shape
            return refused
        refuse(str(refused.get("detail", f"the service answered {error.code}")), FOUND_PROBLEMS)
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        refuse(f"no service answers at `{url}`: {reason}; start it with `credence serve`, or give its --url")


def _read(content: bytes, url: str) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        refuse(_NOT_CREDENCE.format(url=url))
    return answer
