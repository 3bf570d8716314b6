"""Which journal a command works on: the settings that the service reads, with what the command line says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.cli.console import refuse

if TYPE_CHECKING:
    from api.settings import Settings


def journal_settings(journal: str | None) -> Settings:
    """The settings, with the journal that was typed; None: as CREDENCE_JOURNAL says. Only errors are logged from then
    on. Ends the command where a setting can't be used.
    """
    from pydantic import ValidationError

    from api.logs import configure_logs
    from api.settings import Settings, refusal  # only commands on the journal need it

    configure_logs("error")
    try:
        return Settings() if journal is None else Settings(journal=journal)  # type: ignore[arg-type]  # read from text
    except ValidationError as error:
        refuse(refusal(error))
