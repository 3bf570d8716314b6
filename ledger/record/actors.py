"""Who did something, as one line of text: in the journal beside each decision, in every act on people and keys.

    key 7q2k… of person 3f9a…                       a person with a key of their own
    key 7q2k… of service erp                        a program
    key 7q2k… of service erp for user 3f9a…         a program that acts for a person
    token of person 3f9a…                           a person whom an OIDC issuer vouches for
    local, local as u.hoffmann                      whoever sits at the machine (`--insecure-local`)
    command line                                    who can write the journal's file (`credence keys recover`)

Persons stand there by their opaque ids: names are in the table `people` alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

COMMAND_LINE = "command line"
"""Whoever may write the journal's file."""

_ACTOR = re.compile(
    r"key (?P<key>\S+) of (?:person (?P<person>\S+)|service (?P<service>\S+)(?: for user (?P<user>\S+))?)"
    r"|token of person (?P<bearer>\S+)|local(?: as (?P<login>\S+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts. Either at the machine (`login`, which nobody has checked), or known by a key, a token or both names."""

    key: str | None = None
    """Id of the key; None for tokens and at the machine."""

    service: str | None = None
    """Name of the program that the key belongs to."""

    person: str | None = None
    """Id of the person who acts, or for whom the program does."""

    login: str | None = None
    """At the machine: who somebody says to be."""

    def __str__(self) -> str:
        if self.key is None:
            local = f"local as {self.login}" if self.login else "local"
            return f"token of person {self.person}" if self.person else local
        if self.service is None:
            return f"key {self.key} of person {self.person}"
        return f"key {self.key} of service {self.service}" + (f" for user {self.person}" if self.person else "")

    @property
    def opaque(self) -> str:
        """The line without what names somebody: as it stands in a record's header, which is never erased."""
        return str(self) if self.login is None else "local"

    def did(self, recorded: str | None) -> bool:
        """Whether what bears this line is the actor's own: done by or for the same person, or by the same service.

        A service that acts for nobody owns what it did for anybody; a person owns what a service did for them. Nobody
        owns what bears no line, as records of before there were actors.
        """
        match = _ACTOR.fullmatch(recorded or "")
        if match is None:
            return False
        if self.person is not None:
            return self.person in (match["person"], match["user"], match["bearer"])
        if self.service is not None:
            return self.service == match["service"]
        return str(self) == recorded


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand did what bears a line; None where the line names no such thing."""

    key: str | None
    service: str | None
    person: str | None
    """Who acted, or for whom a program did."""
    login: str | None


def hand_of(recorded: str) -> Hand:
    """Of any line."""
    match = _ACTOR.fullmatch(recorded)
    if match is None:
        return Hand(None, None, None, None)
    return Hand(match["key"], match["service"], match["person"] or match["user"] or match["bearer"], match["login"])


def is_named(recorded: str, names: frozenset[str]) -> bool:
    """Whether a line is one of these, or names one of them: a key, a program, or a person who acts or is acted for."""
    match = _ACTOR.fullmatch(recorded)
    return recorded in names or (match is not None and not names.isdisjoint(filter(None, match.groups())))
