"""From when on: days and moments at the site, with clocks that change; and whose hand is behind a key."""

from __future__ import annotations

import pytest

from ledger.policies.duties import hands_of
from ledger.policies.effective_instants import BadInstant, instant_at, instant_on
from ledger.record.actors import Actor, hand_of

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("said", "zone", "local"),
    [
        ("2026-12-01", BERLIN, "2026-12-01T00:00:00+01:00"),
        ("2026-07-01", BERLIN, "2026-07-01T00:00:00+02:00"),
        ("2026-12-01", "UTC", "2026-12-01T00:00:00+00:00"),
        ("2026-12-01T08:00", BERLIN, "2026-12-01T08:00:00+01:00"),
        ("2026-12-01T08:00+05:00", BERLIN, "2026-12-01T04:00:00+01:00"),
        ("2027-03-28T02:30", BERLIN, "2027-03-28T03:00:00+02:00"),  # skipped
        ("2027-03-28T02:00", BERLIN, "2027-03-28T03:00:00+02:00"),
        ("2027-03-28T01:59:59", BERLIN, "2027-03-28T01:59:59+01:00"),
        ("2026-10-25T02:30", BERLIN, "2026-10-25T02:30:00+02:00"),  # twice: the first
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-04T02:30:00+11:00"),  # half an hour is skipped
        ("2011-12-30", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),  # a day is skipped
        ("2026-09-06", "America/Santiago", "2026-09-06T01:00:00-03:00"),  # midnight is skipped
    ],
)
def test_a_local_time_is_the_instant_that_people_mean(said: str, zone: str, local: str) -> None:
    instant = instant_at(said, zone) if "T" in said else instant_on(said, zone)
    assert instant.local == local


@pytest.mark.parametrize(
    "said",
    [
        "",
        "soon",
        "2026-13-01",
        "2026-02-30",
        "2026-12-01T25:00",
        "2026-12-01 08:00",
        "9999-12-31T23:59",
        "0001-01-01T00:00+14:00",
    ],
)
def test_what_says_no_instant_is_refused(said: str) -> None:
    with pytest.raises(BadInstant):
        instant_at(said, BERLIN)
    if "T" not in said:
        with pytest.raises(BadInstant):
            instant_on(said, BERLIN)


CREATORS = {
    "k2": hand_of("key k1 of person author"),
    "s1": hand_of("key k1 of person author"),
    "k3": hand_of("key s1 of service admin-tool"),
    "k4": hand_of("command line"),
    "k5": hand_of("key k5 of service loop"),
    "k6": hand_of("local as u.vogt"),
}


@pytest.mark.parametrize(
    ("actor", "everybody"),
    [
        (Actor(key="k1", person="author"), {"author"}),
        (Actor(person="author"), {"author"}),
        (Actor(key="k2", person="colleague"), {"colleague", "author"}),
        (Actor(key="k3", person="colleague"), {"colleague", "author"}),  # by a program whose key the author made
        (Actor(key="s1", service="erp", person="colleague"), {"colleague", "author"}),
        (Actor(key="s1", service="erp"), {"service:erp", "author"}),
        (Actor(key="k4", person="colleague"), {"colleague"}),
        (Actor(key="k5", service="loop"), {"service:loop"}),
        (Actor(), {"local"}),
    ],
)
def test_everybody_behind_a_key_counts(actor: Actor, everybody: set[str]) -> None:
    assert hands_of(actor, CREATORS).all == everybody


def test_names_at_the_machine_are_persons_and_stand_in_no_table() -> None:
    one, again, other = (hands_of(Actor(login=name), {}) for name in ("u.vogt", "u.vogt", "u.kern"))
    assert one.person == again.person != other.person
    assert "vogt" not in str(one)
    assert hands_of(Actor(key="k6", person="c"), CREATORS).all == {"c", one.person}
