"""What a change of the policy set takes away, by name: files, policies and rules.

Verb: two sets of files → Vanished. What is taken away would no longer hold an order, and what is left may check all the
same; so a change that takes something away waits until a person says that it is meant. Only names are compared: what a
rule, a row or a number says may change freely, since that is what editing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from engine.diagnostics.codes import ErrorCode
from engine.reading import document
from engine.reading.document import Mapping as Entries
from engine.reading.document import Scalar

_EMPTY_FILE = ErrorCode.Y004


@dataclass(frozen=True, slots=True)
class Vanished:
    """`files` are base names, `policies` their names, `rules` ids as decisions name them (`orders.over-limit`); each
    sorted. False where nothing has vanished."""

    files: tuple[str, ...] = ()
    """Base names, sorted."""

    policies: tuple[str, ...] = ()
    """Names, sorted."""

    rules: tuple[str, ...] = ()
    """Ids as decisions name them, such as `orders.over-limit`; sorted."""

    def __bool__(self) -> bool:
        return bool(self.files or self.policies or self.rules)


@dataclass(frozen=True, slots=True)
class _Held:
    """What one file defines: (case kind, name). A policy that turns to another kind of case is gone from the first."""

    policies: frozenset[tuple[str, str]] = frozenset()
    rules: frozenset[tuple[str, str]] = frozenset()


def vanished(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Vanished:
    """Files are the same by their base names, wherever the folder is. Of a file that can't be read any more nothing is
    said: what it defines is a mistake to mend first, not something that is gone. An empty one defines nothing.

    Files {a: policy p with rules r and s} → {a: policy p with rule r}: Vanished((), (), ("p.s",))."""
    old, new = _by_base_name(before), _by_base_name(after)
    held_before = {name: _held(content, name) for name, content in old.items()}
    held_after = {name: _held(content, name) for name, content in new.items()}
    files = set(old) - set(new)
    # a file of before that this engine can't read defines something unknown, which is there only if it hasn't changed
    files |= {name for name, held in held_before.items() if held is None and old[name] != new.get(name)}
    was = [held for held in held_before.values() if held]
    now = [held or held_before.get(name) or _Held() for name, held in held_after.items()]
    policies = frozenset().union(*(h.policies for h in was)) - frozenset().union(*(h.policies for h in now))
    rules = frozenset().union(*(h.rules for h in was)) - frozenset().union(*(h.rules for h in now))
    return Vanished(tuple(sorted(files)), _names(policies), _names(rules))


def _by_base_name(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {PurePath(name).name: content for name, content in files.items()}


def _names(pairs: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted({name for _, name in pairs}))


def _held(content: bytes, name: str) -> _Held | None:
    """None where the file can't be read. Looks at names only, so that a mistake inside a rule doesn't hide it."""
    read, mistakes = document.read(content, name)
    if read is None:
        return _Held() if any(mistake.code == _EMPTY_FILE for mistake in mistakes) else None
    policy, kind, rules = (read.root.get(key) for key in ("policy", "decides", "rules"))
    if not isinstance(policy, Scalar):
        return _Held()
    case = kind.text if isinstance(kind, Scalar) else ""
    ids = [key.text for key, _ in rules.entries] if isinstance(rules, Entries) else []
    return _Held(frozenset({(case, policy.text)}), frozenset((case, f"{policy.text}.{id_}") for id_ in ids))
