"""Where a journal may stand: in a file with a name, which outlives the process, or in a PostgreSQL database.

SQLite takes other names too (`:memory:`, `file:…`, the empty one): all of them accept decisions and forget them. An
address of PostgreSQL is a URI as libpq reads it (https://www.postgresql.org/docs/current/libpq-connect.html, 32.1.1.2):
what it leaves out comes from the environment (`PGPASSWORD`), the password file or a service file. Its password never
stands in what is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from files.extras import POSTGRES

_IN_MEMORY = ":memory:"
_ADDRESS = re.compile(r"file:|[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SERVER = re.compile(r"postgres(ql)?://")
_SECRETS = ("password", "sslpassword")
_EXAMPLE = "give the path of a file, such as var/credence.db"
_SERVER_EXAMPLE = "write postgresql://user@host/database"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A database of a PostgreSQL server. As text it is without its passwords."""

    uri: str = field(repr=False)
    """As libpq takes it, perhaps with a password."""

    shown: str
    """User, host, port and database, for people and logs."""

    def __str__(self) -> str:
        return self.shown

    @property
    def secrets(self) -> frozenset[str]:
        """What must stand in no message."""
        parts = urlsplit(self.uri)
        said = [parts.password or "", *(value for name, value in _options(parts) if name in _SECRETS)]
        return frozenset(filter(None, (*said, *map(unquote, said))))


JournalPlace = Path | ServerAddress
"""Where one journal stands."""


def journal_place(place: str) -> JournalPlace:
    """The place that a text stands for. Raises ValueError where it can't be a journal's, with what to write instead."""
    trouble = unfit_place(place)
    if trouble is not None:
        raise ValueError(trouble)
    return ServerAddress(place, _shown(urlsplit(place))) if _SERVER.match(place) else Path(place)


def unfit_place(place: str) -> str | None:
    """Why this text, as an operator wrote it, can't be the journal's place, and what to write instead; None where it
    can."""
    if _SERVER.match(place):
        return _unfit_address(place)
    trouble = _unfit_name(place) or _unfit_file(Path(place))
    return trouble and f"{trouble}; {_EXAMPLE}"


def _unfit_address(place: str) -> str | None:
    """Never quotes the address: it may hold a password."""
    try:
        parts = urlsplit(place)
    except ValueError:
        return f"the journal's address can't be read; {_SERVER_EXAMPLE}, with %5B for a [ in a password"
    if parts.netloc.count("@") > 1:
        return f"the journal's address has two @ before its database; {_SERVER_EXAMPLE}, with %40 for one in a password"
    if any(character.isspace() or not character.isprintable() for character in place):
        return f"the journal's address holds a blank or what nobody sees; {_SERVER_EXAMPLE}"
    if parts.fragment:
        return f"the journal's address holds a #; {_SERVER_EXAMPLE}, with %23 for a # in a password"
    options = dict(_options(parts))
    if not parts.path.strip("/") and not {"dbname", "service"} & options.keys():
        return f"the journal's address `{_shown(parts)}` names no database; {_SERVER_EXAMPLE}"
    if find_spec("psycopg") is None:
        return f"a journal on PostgreSQL needs its library; install it with `{POSTGRES}`"
    return _unfit_options(place)


def _unfit_options(place: str) -> str | None:
    """What libpq itself refuses: an option that doesn't exist."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(place)
    except ProgrammingError as error:
        said = " ".join(str(error).split())
        for secret in ServerAddress(place, "").secrets:
            said = said.replace(secret, "…")
        return f"the journal's address can't be used: {said}"
    return None


def _options(parts: SplitResult) -> list[tuple[str, str]]:
    return parse_qsl(parts.query, keep_blank_values=True)


def _shown(parts: SplitResult) -> str:
    """`postgresql://user@host:port/database`, with the options that say where the server is."""
    user, at, hosts = parts.netloc.rpartition("@")
    where = [f"{name}={said}" for name, said in _options(parts) if name in ("host", "port", "dbname", "service")]
    query = f"?{'&'.join(where)}" if where else ""
    return f"postgresql://{user.partition(':')[0]}{at}{hosts}{parts.path}{query}"


def _unfit_name(place: str) -> str | None:
    if not place.strip():
        return "the journal's path is empty"
    if place.lower().startswith(_IN_MEMORY):
        return f"`{place}` is a database in memory, which forgets every decision when the service stops"
    if _ADDRESS.match(place):
        scheme = place.partition(":")[0]
        return f"an address that begins with `{scheme}:` is none of a journal, whose own begin with postgresql://"
    if "\0" in place:
        return "the journal's path holds a NUL character"
    if place.endswith(("/", "/.", "/..")) or place in (".", ".."):
        return f"`{place}` is a folder"
    return None


def _unfit_file(path: Path) -> str | None:
    """What is there already."""
    try:
        if path.is_dir():
            return f"`{path}` is a folder"
        if path.exists() and not path.is_file():
            return f"`{path}` is no regular file"
    except OSError:
        pass  # what can't be looked at is told when it is opened
    return None
