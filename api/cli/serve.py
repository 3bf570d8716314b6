"""`credence serve`: the HTTP service in this terminal."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.text import Text

from api.cli.console import err, print_diagnostics, refuse
from api.cli.options import RUNNING, FolderOption, JournalOption
from api.cli.policy_folder import folder_of, loaded_within_limits

if TYPE_CHECKING:
    from api.settings import Settings

HostOption = Annotated[
    str | None,
    typer.Option(
        "--host", metavar="ADDRESS", help="Address to listen on.", show_default="127.0.0.1", rich_help_panel=RUNNING
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="NUMBER",
        min=0,
        max=65535,
        help="Port to listen on; 0 takes a free one.",
        show_default="8000",
        rich_help_panel=RUNNING,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="NUMBER",
        min=1,
        max=64,
        help="Processes that answer, on one journal.",
        show_default="1",
        rich_help_panel=RUNNING,
    ),
]


InsecureLocalOption = Annotated[
    bool,
    typer.Option(
        "--insecure-local",
        help="Ask nobody for a key: whoever is at this machine may all. For trying it out; on 127.0.0.1 only.",
        rich_help_panel=RUNNING,
    ),
]
BANNER = """\
insecure: nobody is asked for a key, and whoever is at this machine may all.
To try credence out. Without --insecure-local callers need keys: docs/operations.md, People and keys"""


def serve(
    *,
    host: HostOption = None,
    port: PortOption = None,
    rules: FolderOption = None,
    journal: JournalOption = None,
    workers: WorkersOption = None,
    insecure_local: InsecureLocalOption = False,
) -> None:
    """Answer decisions over HTTP; Ctrl-C stops it after the requests in flight.

    The folder of the policies is watched: a change takes effect while the service runs. Each option is also an
    environment variable: CREDENCE_HOST, CREDENCE_PORT, CREDENCE_RULES, CREDENCE_JOURNAL, CREDENCE_WORKERS,
    CREDENCE_INSECURE_LOCAL.

    Callers need a key (credence keys create); a service without any prints its first one. --insecure-local asks for
    none.

    Example:  credence serve --port 8080

    Policies with mistakes don't keep it from starting: the set that was in force last decides, and where there is none
    it is not ready and refuses to decide, until they are mended.

    Exit code: 0 stopped, 2 a setting can't be used or is none, the port is taken, the rules folder can't be read or the
    journal can't be written.
    """
    # only this command needs the server, and loading it takes longer than a decision
    from api.http.server import serve as run
    from api.logs import configure_logs
    from ledger.journal.last_signed import JournalBehind
    from ledger.journal.opening import check_writable
    from ledger.store.trouble import JournalUnavailable

    options = given_options(
        host=host, port=port, rules=rules, journal=journal, workers=workers, insecure_local=insecure_local or None
    )
    settings = settings_by(options)
    _warn_of_mistakes(settings.rules)
    configure_logs(
        settings.log_level, settings.log_format
    )  # before anything is logged: checking the journal makes it where there is none
    try:
        check_writable(settings.journal, settings.key_places)
    except JournalUnavailable as error:
        remedy = "" if isinstance(error.__cause__, JournalBehind) else "; choose another with --journal"
        refuse(f"the journal `{settings.journal}` can't be written: {error}{remedy}")
    free = _free_port(settings.host, settings.port)
    settings = settings.model_copy(update={"port": free})
    where = f"http://{_in_url(settings.host)}:{free}"
    line = f"listening on {where}  (API: {where}/docs, rules: {settings.rules}, journal: {settings.journal})"
    banner = BANNER if settings.insecure_local else ""
    if settings.workers > 1:
        from api.http.supervisor import supervise

        raise typer.Exit(supervise(settings, lambda: _say(line, banner)))
    with suppress(KeyboardInterrupt):  # uvicorn raises it once more after it has shut down in order
        run(settings, when_listening=lambda: _say(line, banner))


def given_options(**options: Any) -> dict[str, Any]:
    """Those that were typed, by the setting's name."""
    return {name: value for name, value in options.items() if value is not None}


def settings_by(options: Mapping[str, Any]) -> Settings:
    """What the service would run with; where something can't be used, or is no setting, the command ends with 2."""
    from api.setting_origins import unknown_variables
    from api.settings import Settings, refusal

    try:
        settings = Settings(**options)
    except ValidationError as error:
        refuse(refusal(error))
    if lines := unknown_variables(os.environ):
        refuse("; ".join(lines))
    return settings


def _say(line: str, banner: str) -> None:
    """Where it listens, and above all else that it asks nobody for a key."""
    err().print(Text(line))
    if banner:
        err().print(Text(banner, "bold red"))


def _warn_of_mistakes(rules: Path) -> None:
    """Prints what is wrong with the policies. The service starts all the same: the set that was in force last may
    decide, and saving a mended file is enough.
    """
    folder = folder_of(rules)
    loaded = loaded_within_limits(folder)
    if loaded.engine is None:
        print_diagnostics(err(), loaded.diagnostics, folder.policies)
        until = "until these mistakes are mended the set that was in force last decides, or none; saving is enough"
        err().print(Text(until, "yellow"))


def _free_port(host: str, port: int) -> int:
    """The port to listen on, which for 0 is one that is free; ends the command where it can't be had, and says what to
    do: stop the other program, take a port above 1023, or another address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":  # elsewhere the option means that two may share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except socket.gaierror:
        refuse(f"`{host}` is not an address of this machine; try 127.0.0.1, or 0.0.0.0 for all networks")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            refuse(f"port {port} is taken by another program; stop that one, or choose another with --port")
        if error.errno == errno.EACCES:
            refuse(f"port {port} needs more rights than you have; choose one above 1023 with --port")
        if error.errno == errno.EADDRNOTAVAIL:
            refuse(f"`{host}` is not an address of this machine; try 127.0.0.1, or 0.0.0.0 for all networks")
        refuse(f"can't listen on {host}:{port}: {error.strerror}")


def _in_url(host: str) -> str:
    """The host as a browser on this machine reaches it: `0.0.0.0` is `localhost`, `::1` is `[::1]`."""
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host
