"""The tree of RFC 6962, section 2.1: hashes of leaves and nodes, a frontier that grows, and its root.

A tree of n leaves splits at the largest power of two below n. The frontier holds the roots of the perfect trees into
which it falls apart, the largest first: one for each bit of n. Nothing else is needed to append and to have the root.

Worked example, for 6 = 4 + 2 leaves:

            root = H(1, a, b)
           /              \\
      a (leaves 0–3)   b (4–5)          frontier [a, b]; a seventh leaf c makes it [a, b, c],
                                        an eighth joins with c, then with b, then with a: one root of 8
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""Of a tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """Of one entry of the log."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of a node above two others."""
    return sha256(b"\1" + left + right).digest()


def extended(frontier: Sequence[bytes], size: int, leaves: Iterable[bytes]) -> tuple[bytes, ...]:
    """The frontier of a tree of `size` leaves, after these leaf hashes are appended. The one given stays as it is."""
    grown = list(frontier)
    for hash_ in leaves:
        rest = size
        while rest & 1:
            hash_ = node_hash(grown.pop(), hash_)  # the tree that just became whole
            rest >>= 1
        grown.append(hash_)
        size += 1
    return tuple(grown)


def root_of(frontier: Sequence[bytes]) -> bytes:
    """The root of the tree that has this frontier."""
    if not frontier:
        return EMPTY_ROOT
    root = frontier[-1]
    for peak in reversed(frontier[:-1]):
        root = node_hash(peak, root)
    return root


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root above so many hashes of one level; their number is a power of two."""
    level = list(hashes)
    while len(level) > 1:  # `node_hash`, without a call for each
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]
