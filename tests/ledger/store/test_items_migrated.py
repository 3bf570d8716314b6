"""What was booked before items had discounts and write-offs says, once migrated, what its allocations were."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine

from ledger.store.database import MIGRATIONS, memory_database, migrate
from ledger.store.place import ServerAddress
from tests.support.postgresql import connected

BEFORE = "0010"

ITEM = "INSERT INTO items (id, account, kind, issued_on, due_on, amount, open_amount, disputed_amount, state, " \
    "settled_on, dunning_level, insured_amount, digest) VALUES "  # fmt: skip
ALLOCATION = "INSERT INTO allocations (from_item, to_item, number, account, amount, effective_on, reversed_on) VALUES "
ROWS = (
    f"{ITEM} ('paid', 'C', 'invoice', 1, 2, 1000, 0, 0, 'settled', 3, 0, 0, '')",
    f"{ITEM} ('open', 'C', 'invoice', 1, 2, 500, 300, 0, 'open', NULL, 0, 0, '')",
    f"{ITEM} ('before', 'C', 'invoice', 1, 2, 700, 0, 0, 'settled', 3, 0, 0, '')",
    f"{ITEM} ('payment', 'C', 'payment', 3, 3, -1250, 0, 0, 'settled', 3, 0, 0, '')",
    f"{ITEM} ('note', 'C', 'credit_note', 3, 3, -90, -90, 0, 'open', NULL, 0, 0, '')",
    f"{ALLOCATION} ('payment', 'open', 1, 'C', 200, 3, NULL)",
    f"{ALLOCATION} ('payment', 'paid', 1, 'C', 1000, 3, NULL)",
    f"{ALLOCATION} ('note', 'paid', 1, 'C', 90, 3, 4)",
)


def _migrated(connection: Connection) -> tuple[list[Any], list[Any]]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        for row in ROWS:
            connection.exec_driver_sql(row)
    migrate(connection)
    with connection.begin():
        items = connection.exec_driver_sql("SELECT id, paid_before, written_off, recovered FROM items ORDER BY id")
        allocations = connection.exec_driver_sql(
            "SELECT from_item, to_item, cause, fx_difference FROM allocations ORDER BY from_item, to_item"
        )
        return [tuple(each) for each in items], [tuple(each) for each in allocations]


def _is_as_it_should_be(found: tuple[list[Any], list[Any]]) -> None:
    items, allocations = found
    assert {each[0]: each[1] for each in items} == {"paid": 0, "open": 0, "before": 700, "payment": 0, "note": 0}
    assert {each[2:] for each in items} == {(0, 0)}
    assert allocations == [
        ("note", "paid", "credit_note", 0),
        ("payment", "open", "payment", 0),
        ("payment", "paid", "payment", 50),  # 1,250 were lost for 1,200
    ]


def test_a_file_is_migrated() -> None:
    with memory_database().connect() as connection:
        _is_as_it_should_be(_migrated(connection))


def test_a_server_is_migrated(database: ServerAddress) -> None:
    with connected(database) as raw:
        engine = create_engine("postgresql+psycopg://", creator=lambda: raw, poolclass=NullPool)
        with engine.connect() as connection:
            _is_as_it_should_be(_migrated(connection))
