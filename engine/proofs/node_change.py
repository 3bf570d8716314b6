"""One thing that differs between two policy sets, and how it is said. Noun of `engine.proofs.compare`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.diagnostics.diagnostic import Place
from engine.proofs.policy_nodes import NODE_WORDS, PART_WORDS, NodeKind
from engine.vocabulary.languages import Reader, own_language
from engine.vocabulary.text import Text

_NOTHING = Text("–", "–")
_ADDED = Text("added", "新增")
_REMOVED = Text("removed", "删除")
_FROM, _UNTIL = Text("from", "自"), Text("until before", "至（不含）")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChange:
    """One part of one node that differs, or a node that one side lacks."""

    kind: NodeKind
    name: str
    """Full, of the node."""
    title: Text | None
    part: str
    """Which part, by its word; empty where the whole node was added or removed."""
    part_title: Text
    """What readers call the part; empty for the one value of a node."""
    before: Text | None
    """As readers see it; None where it wasn't there."""
    after: Text | None
    """None where it is no longer there."""
    since: date | None = None
    """Of a parameter's value: from when on it differs; None: from ever."""
    until: date | None = None
    """Of a parameter's value: before which day it differs; None: for ever."""
    before_place: Place | None
    after_place: Place | None
    decides: bool = True
    """Whether cases may be decided otherwise; False for texts, and for what is only written differently."""
    remark: Text | None = None
    """Why it decides the same, where that needs a word."""

    def in_words(self, reader: Reader) -> str:
        """What changed, without the node's kind and name: `Overrun of the limit that passes: 5% → 10%`."""
        own = own_language(reader)
        if not self.part:
            said = _ADDED if self.before is None else _REMOVED
            what = self.after or self.before
            shown = what[reader] if what else ""
            return f"{self.title[reader] if self.title else self.name}: {said[own]}{f': {shown}' if shown else ''}"
        titles = [self.title[reader] if self.title else "", self.part_title[reader]]
        if self.part.partition(" ")[0] in PART_WORDS and not self.title:
            titles = [self.part_title[reader]]
        when = "".join(
            f"{' ' if own == 'en' else ''}{word[own]} {day}"
            for word, day in ((_FROM, self.since), (_UNTIL, self.until))
            if day
        )
        before, after = (each[reader] if each else _NOTHING[own] for each in (self.before, self.after))
        remark = f" ({self.remark[own]})" if self.remark else ""
        return f"{', '.join(filter(None, titles))}{when}: {before} → {after}{remark}"

    def as_json(self) -> dict[str, object]:
        """As `credence diff --json` prints it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "title": self.title and self.title.as_json(),
            "part": self.part or None,
            "part_title": self.part_title.as_json() if self.part else None,
            "before": self.before and self.before.as_json(),
            "after": self.after and self.after.as_json(),
            "from": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "before_place": self.before_place and str(self.before_place),
            "after_place": self.after_place and str(self.after_place),
            "decides": self.decides,
            "remark": self.remark and self.remark.as_json(),
        }


def kind_in_words(kind: NodeKind, reader: Reader) -> str:
    """What a reader calls this kind of node."""
    return NODE_WORDS[kind][own_language(reader)]
