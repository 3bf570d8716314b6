"""Where a journal may stand, and that no password is ever shown."""

from __future__ import annotations

import pytest

from api.settings import Settings
from ledger.journal.opening import check_writable
from ledger.store.place import ServerAddress, journal_place, unfit_place
from ledger.store.trouble import JournalUnavailable

SECRET = "s3cr%40t"
DECODED = "s3cr@t"
WITH_SECRETS = [
    f"postgresql://u:{SECRET}@127.0.0.1:1/db",
    f"postgres://u:{SECRET}@127.0.0.1:1/db?connect_timeout=1",
    f"postgresql://u@127.0.0.1:1/db?password={SECRET}",
    f"postgresql://:{SECRET}@/db?host=/nowhere",
    f"postgresql://u:{SECRET}@nowhere.invalid/db",
    f"postgresql://u:{SECRET}@127.0.0.1:1,127.0.0.1:2/db",
    f"postgresql:///db?host=127.0.0.1&port=1&user=u&password={SECRET}",
]


@pytest.mark.parametrize("text", WITH_SECRETS)
def test_a_password_is_neither_shown_nor_said_when_the_server_can_not_be_reached(text: str) -> None:
    place = journal_place(text)
    assert isinstance(place, ServerAddress)
    with pytest.raises(JournalUnavailable) as refused:
        check_writable(place)
    chain = [refused.value, refused.value.__cause__, refused.value.__context__]
    said = [str(place), repr(place), repr(Settings(journal=text)), *map(str, chain), *map(repr, chain)]  # type: ignore[arg-type]  # read from text
    assert [each for each in said if SECRET in each or DECODED in each] == []
    assert "its server can't be used: " in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://u:hid@den@host/db", "has two @ before its database"),
        ("postgresql://u:hid den@host/db", "holds a blank"),
        ("postgresql://u:hid#den@host/db", "holds a #"),
        ("postgresql://u:hidden@host", "names no database"),
        ("postgresql://u:hidden@host/", "names no database"),
        ("postgresql://u:hidden@host/db?sslmod=require", 'invalid URI query parameter: "sslmod"'),
        ("postgresql://u:[hidden@host/db", "can't be read"),
        ("postgresql+psycopg://u:hidden@host/db", "begins with `postgresql+psycopg:`"),
        ("mysql://u:hidden@host/db", "begins with `mysql:`"),
    ],
)
def test_an_address_that_can_not_be_used_is_refused_without_its_password(text: str, said: str) -> None:
    told = unfit_place(text)
    assert told is not None
    assert said in told
    assert not any(each in told for each in ("hidden", "hid ", "hid#", "den@"))
    with pytest.raises(ValueError, match=r"."):
        journal_place(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u@host/db", "postgresql://u@host/db"),
        ("postgres://u:p@host:5433/db?sslmode=require", "postgresql://u@host:5433/db"),
        ("postgresql:///db?host=/var/run/postgresql", "postgresql:///db?host=/var/run/postgresql"),
        ("postgresql:///?service=credence", "postgresql:///?service=credence"),
        ("postgresql://u:p@a,b:5433/db?target_session_attrs=read-write", "postgresql://u@a,b:5433/db"),
        ("postgresql://u:p@[::1]:5433/db", "postgresql://u@[::1]:5433/db"),
    ],
)
def test_an_address_is_shown_with_what_says_where_it_is(text: str, shown: str) -> None:
    place = journal_place(text)
    assert str(place) == shown
    assert isinstance(place, ServerAddress)
    assert place.uri == text


def test_settings_give_themselves_to_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(journal=WITH_SECRETS[0], workers=3, insecure_local=True, port=0)  # type: ignore[arg-type]  # read from text
    for name, said in settings.as_environment().items():
        monkeypatch.setenv(name, said)
    assert Settings() == settings
