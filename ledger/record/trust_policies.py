"""Whom a verifier trusts, in a file of its own: C2SP tlog-policy (https://c2sp.org/tlog-policy).

    log credence.invalid/e39cbf3c71c68460+5e6f50d3+AXm9…
    witness auditor auditor.example/w1+8d66cf3f+BCz0…
    witness machine-2 w.example.com+11aa22bb+BBq8…
    group both all auditor machine-2
    quorum both

A checkpoint counts where one of the logs signed it, and witnesses cosigned it as the quorum says: one of them by name,
a group (`any`, `all`, or how many of its members), or `none`. Such a file is written by whoever verifies, and is never
taken from what is verified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.diagnostics.wording import clipped
from ledger.record.checkpoints import epochs_until
from ledger.record.cosignatures import cosigned_at
from ledger.record.signed_notes import COSIGNATURE, ED25519, BadNote, NoteVerifier, read_verifier

NO_QUORUM = "none"


class BadTrustPolicy(ValueError):
    """The text is no trust policy; the message has the line and what to write instead."""


@dataclass(frozen=True, slots=True)
class WitnessGroup:
    """So many of these, or more."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """What the file says."""

    logs: tuple[NoteVerifier, ...] = ()
    """Each may sign checkpoints of the log of its name, and of that log's earlier epochs."""

    witnesses: Mapping[str, NoteVerifier] = field(default_factory=dict)
    """By the name that the file gives them."""

    groups: Mapping[str, WitnessGroup] = field(default_factory=dict)
    """By name. Their members stand before them."""

    quorum: str
    """Of a witness or a group, or `none`."""

    @property
    def verifiers(self) -> tuple[NoteVerifier, ...]:
        """All keys that a log's checkpoint may be signed by."""
        return tuple(each for log in self.logs for each in epochs_until(log))

    def cosigned(self, note: str, now: float) -> dict[str, int]:
        """Which witnesses cosigned the note, and when. `now`: the time by our own clock, in seconds since 1970. Raises
        `BadNote` where a line says that it is by one of them, and isn't, or comes from the future."""
        times = {name: cosigned_at(verifier, note, now) for name, verifier in self.witnesses.items()}
        return {name: seconds for name, seconds in times.items() if seconds is not None}

    def is_met_by(self, cosigned: Mapping[str, int]) -> bool:
        """Whether these witnesses are enough."""
        return self.quorum == NO_QUORUM or self._holds(self.quorum, cosigned)

    def met_at(self, cosigned: Mapping[str, int]) -> int | None:
        """The latest time from which on enough of these witnesses say that they saw it; None where they are not enough,
        or nobody is asked."""
        if self.quorum == NO_QUORUM:
            return None
        for time in sorted(cosigned.values(), reverse=True):
            if self.is_met_by({name: each for name, each in cosigned.items() if each >= time}):
                return time
        return None

    def _holds(self, name: str, cosigned: Mapping[str, int]) -> bool:
        if name in self.witnesses:
            return name in cosigned
        group = self.groups[name]
        return sum(self._holds(member, cosigned) for member in group.members) >= group.least


def read_trust_policy(content: bytes) -> TrustPolicy:
    """Raises `BadTrustPolicy`."""
    return _Reader().read(content)


class _Reader:
    def __init__(self) -> None:
        self._logs: list[NoteVerifier] = []
        self._witnesses: dict[str, NoteVerifier] = {}
        self._groups: dict[str, WitnessGroup] = {}
        self._in_groups: set[str] = set()
        self._quorum: str | None = None

    def read(self, content: bytes) -> TrustPolicy:
        if any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in content):
            raise BadTrustPolicy("it holds characters that nobody sees; write it with line feeds and blanks alone")
        lines: Mapping[str, Callable[[Sequence[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._set_quorum,
        }
        for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
            word, *words = line.replace("\t", " ").strip(" ").split(" ")
            if not word or word.startswith("#"):
                continue
            if word not in lines:
                raise BadTrustPolicy(f"line {number}: `{clipped(word)}` is none of {', '.join(lines)}")
            try:
                lines[word]([each for each in words if each])
            except (BadTrustPolicy, BadNote) as error:
                raise BadTrustPolicy(f"line {number}: {error}") from error
        if self._quorum is None:
            raise BadTrustPolicy("it has no quorum; end it with `quorum NAME`, or `quorum none`")
        return TrustPolicy(logs=tuple(self._logs), witnesses=self._witnesses, groups=self._groups, quorum=self._quorum)

    def _log(self, words: Sequence[str]) -> None:
        if not 1 <= len(words) <= 2:
            raise BadTrustPolicy("write `log VERIFIER-KEY`")
        self._logs.append(self._new_key(words[0], ED25519, self._logs))

    def _witness(self, words: Sequence[str]) -> None:
        if not 2 <= len(words) <= 3:
            raise BadTrustPolicy("write `witness NAME VERIFIER-KEY`")
        name = self._new_name(words[0])
        self._witnesses[name] = self._new_key(words[1], COSIGNATURE, list(self._witnesses.values()))

    def _group(self, words: Sequence[str]) -> None:
        if len(words) < 3:
            raise BadTrustPolicy("write `group NAME any|all|NUMBER NAME…`")
        name, least, members = self._new_name(words[0]), words[1], words[2:]
        for member in members:
            if self._known(member) in self._in_groups or members.count(member) > 1:
                raise BadTrustPolicy(f"`{clipped(member)}` is a member already; name each once")
        most = len(members)
        number = {"any": "1", "all": str(most)}.get(least, least)
        if not (number.isascii() and number.isdigit() and len(number) < 10 and 1 <= int(number) <= most):
            raise BadTrustPolicy(f"`{clipped(least)}` is not `any`, `all` or a number from 1 to {most}")
        self._in_groups.update(members)
        self._groups[name] = WitnessGroup(int(number), tuple(members))

    def _set_quorum(self, words: Sequence[str]) -> None:
        if len(words) != 1 or self._quorum is not None:
            raise BadTrustPolicy("write one line `quorum NAME`, with a witness, a group or `none`")
        self._quorum = words[0] if words[0] == NO_QUORUM else self._known(words[0])

    def _new_name(self, name: str) -> str:
        if name == NO_QUORUM or name in self._witnesses or name in self._groups:
            raise BadTrustPolicy(f"the name `{clipped(name)}` is taken; choose another")
        return name

    def _known(self, name: str) -> str:
        if name not in self._witnesses and name not in self._groups:
            raise BadTrustPolicy(f"no line before it is about `{clipped(name)}`; define it above")
        return name

    def _new_key(self, text: str, algorithm: bytes, known: Sequence[NoteVerifier]) -> NoteVerifier:
        verifier = read_verifier(text, algorithm)
        if any(each.key.public_bytes_raw() == verifier.key.public_bytes_raw() for each in known):
            raise BadTrustPolicy(f"the key of `{clipped(verifier.name)}` stands there twice; name each once")
        return verifier
