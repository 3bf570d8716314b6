"""What is looked for in the journal, and whose records the reader may see."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ledger.record.actors import Actor, is_named
from ledger.record.record_header import Header, RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """Which records a reader may see. By any of the three; `Visible()` is none."""

    everything: bool = False
    """All of them."""

    own: Actor | None = None
    """What this actor asked for."""

    cases: frozenset[str] = frozenset()
    """Decisions on these kinds of case."""

    def sees(self, case: str, actor: str) -> bool:
        """A record about this kind of case, with the actor's whole line."""
        return self.everything or case in self.cases or (self.own is not None and self.own.did(actor))

    def sees_whole(self, case: str, actor: str, *, of_ledger: bool) -> bool:
        """The same with all figures in it: what was decided on the ledger's facts is nobody's own."""
        return self.everything or case in self.cases or (not of_ledger and self.sees(case, actor))

    @property
    def needs_bodies(self) -> bool:
        """Whether a header doesn't say who asked: at the machine, where logins stand in bodies."""
        return not self.everything and self.own is not None and self.own.login is not None


EVERYTHING = Visible(everything=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """All that is given must hold; None: whatever it is."""

    account: str | None = None
    """The customer's number."""

    subject: str | None = None
    """The number of the order, invoice, account or request, or the id of the person or key."""

    case: str | None = None
    """The kind of case."""

    outcome: str | None = None
    """What was decided or done."""

    kinds: tuple[RecordKind, ...] = ()
    """Of records; empty: all."""

    rule: str | None = None
    """A rule among the reasons: `orders.over-limit`."""

    actor: str | None = None
    """Who asked: a person's id or login, a program's name, a key's id, or the whole line."""

    by_sealed_words: bool = True
    """Whether what no header says will do: a person's login for `actor`, and a request id that names whom the record
    is about."""

    policy: str | None = None
    """The policy set's version, or how it begins."""

    request_id: str | None = None
    """The request's `X-Request-Id`."""

    since: str | None = None
    """Recorded at this time or later, as `ledger.journal.clock.moment` writes times."""

    until: str | None = None
    """Recorded at this time or earlier."""

    visible: Visible = EVERYTHING
    """What the reader may see."""

    def text(self) -> str:
        """The same for equal filters, another one for any other."""
        visible = [self.visible.everything, str(self.visible.own or ""), sorted(self.visible.cases)]
        names = ("account", "subject", "case", "outcome", "rule", "actor", "policy", "request_id", "since", "until")
        return json.dumps([*(getattr(self, name) for name in names), self.kinds, visible, self.by_sealed_words])

    def fits(self, header: Header, actors: frozenset[str]) -> bool:
        """Whether the members fit that a database compares less exactly. `actors`: all that the one asked for is called
        by."""
        return (self.actor is None or is_named(header.actor, actors)) and self.request_id in (
            None,
            header.request_id or self.request_id,
        )
