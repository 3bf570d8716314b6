"""Gives a journal on PostgreSQL its roles: makes the tables where they are missing, then says who may what."""

from __future__ import annotations

from ledger.store.place import ServerAddress
from ledger.store.rights import statements
from ledger.store.server_store import ServerStore
from ledger.store.trouble import JournalUnavailable, trouble_in_words


def apply_roles(place: ServerAddress) -> None:
    """The address's user makes the tables, then hands them over. Raises `JournalUnavailable` where that user may
    not."""
    try:
        connection = ServerStore(place).connect_to_write()
        try:
            with connection.begin():
                for statement in statements():
                    connection.exec_driver_sql(statement.replace("%", "%%"))
        finally:
            connection.close()
    except Exception as error:
        trouble = trouble_in_words(error)
        if not trouble:
            raise
        raise JournalUnavailable(trouble) from error
