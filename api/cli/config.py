"""`credence config`: every setting, its value, and where that comes from."""

from __future__ import annotations

import os
from dataclasses import asdict

from rich.text import Text

from api.cli.console import out, print_json
from api.cli.options import FolderOption, JournalOption, JsonOption
from api.cli.serve import HostOption, InsecureLocalOption, PortOption, WorkersOption, given_options, settings_by


def config(
    *,
    host: HostOption = None,
    port: PortOption = None,
    rules: FolderOption = None,
    journal: JournalOption = None,
    workers: WorkersOption = None,
    insecure_local: InsecureLocalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show every setting of the service: its value, where that comes from, and what it does.

    With the options of credence serve it shows what that would run with. A password in the journal's address is not
    shown.

    Example:  credence config --port 8080

    Exit code: 0 shown, 2 a setting can't be used, or a variable CREDENCE_… is no setting.
    """
    from api.setting_origins import settings_shown

    options = given_options(
        host=host, port=port, rules=rules, journal=journal, workers=workers, insecure_local=insecure_local or None
    )
    settings = settings_by(options)
    shown = settings_shown(settings, os.environ, options)
    if as_json:
        print_json({"settings": [asdict(each) for each in shown]})
        return
    for each in shown:
        out().print(Text(f"{each.variable}={each.value}  ({each.origin})"))
        out().print(Text(f"    {each.meaning}"))
