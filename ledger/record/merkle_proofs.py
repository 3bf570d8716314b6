"""Proofs as in RFC 6962: that a leaf is in a tree (2.1.1), and that a tree begins with a smaller one (2.1.2).

A proof of inclusion has the hashes beside the way from one leaf up to the root. A proof of consistency has the nodes by
which both roots can be computed, the smaller tree's and the larger one's.

Worked example, for leaf 2 of 5: beside it stand leaf 3, the node over 0 and 1, and leaf 4.

                root
               /    \\
             n03     4         proof of 2: [3, n01, 4], so
            /   \\              root = H(1, H(1, n01, H(1, 2, 3)), 4)
          n01   n23
         / \\    / \\
        0   1  2   3

For the first 3 of 5 the proof is [2, 3, n01, 4]: the root of 3 is H(1, n01, 2), that of 5 is
H(1, H(1, n01, H(1, 2, 3)), 4). Who has both roots sees that the first three leaves are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ledger.record.log_tiles import TILE_HASHES, LogTree, hashes_in
from ledger.record.merkle_tree import EMPTY_ROOT, node_hash, perfect_root, root_of

TileAt = Callable[[int, int], bytes | None]
"""Gives the full tile of a level and a number; None where there is none."""

_TILE_BITS = 8


class NoTile(Exception):
    """A tile that the proof needs is missing or has another length."""


class ProofMaker:
    """Of the tree at one size; asks for few tiles, at most two a level."""

    def __init__(self, tree: LogTree, tile_at: TileAt) -> None:
        """`tree`: at that size, with what fills no tile yet."""
        self._tree, self._tile_at = tree, tile_at
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}  # those that were asked for

    def inclusion(self, index: int) -> list[bytes]:
        """The hashes beside leaf `index`, from its own neighbour upwards. Raises `NoTile`."""
        return self._path(index, 0, self._tree.size)

    def consistency(self, old_size: int) -> list[bytes]:
        """The hashes by which the first `old_size` leaves are shown to be those of a tree that was seen before; none
        where there was nothing before, or nothing came since. Raises `NoTile`."""
        if not 0 < old_size < self._tree.size:
            return []
        return self._since(old_size, 0, self._tree.size, is_known=True)

    def _since(self, old_size: int, start: int, end: int, *, is_known: bool) -> list[bytes]:
        """Of the leaves from `start` to `end`. `is_known`: they begin with the whole of the smaller tree, whose root
        the reader has."""
        if old_size == end:
            return [] if is_known else [self._root(start, end)]
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if old_size <= middle:
            return [*self._since(old_size, start, middle, is_known=is_known), self._root(middle, end)]
        return [*self._since(old_size, middle, end, is_known=False), self._root(start, middle)]

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            return [*self._path(index, start, middle), self._root(middle, end)]
        return [*self._path(index, middle, end), self._root(start, middle)]

    def _root(self, start: int, end: int) -> bytes:
        """Over leaves that fall apart into perfect trees, the largest first."""
        peaks = []
        while start < end:
            height = (end - start).bit_length() - 1
            peaks.append(self._perfect(start, height))
            start += 1 << height
        return root_of(peaks)

    def _perfect(self, start: int, height: int) -> bytes:
        """Over 2^height leaves: of the level whose hashes are the next below, so many side by side in one tile."""
        level, rest = divmod(height, _TILE_BITS)
        first = start >> _TILE_BITS * level
        number, at = divmod(first, TILE_HASHES)
        if number < self._tree.size >> _TILE_BITS * (level + 1):
            hashes = self._full_tile(level, number)
        else:
            hashes = self._tree.pending[level]
        return perfect_root(hashes[at : at + (1 << rest)])

    def _full_tile(self, level: int, number: int) -> Sequence[bytes]:
        """One holds most hashes of a proof, so it is asked for once."""
        place = level, number
        if place not in self._tiles:
            content = self._tile_at(level, number)
            if content is None or len(content) % TILE_HASHES:
                raise NoTile(f"tile {level}/{number}")
            self._tiles[place] = hashes_in(content)
        return self._tiles[place]


def root_from(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to from leaf `index` in a tree of `size`; None where it has too few or too many
    hashes, or the tree has no such leaf (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    node, last, root = index, size - 1, leaf
    for hash_ in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = node_hash(hash_, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, hash_)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `size` leaves begins with that of `old_size` (RFC 9162, section
    2.1.4.2). Every tree begins with the empty one, and each with itself, by no hashes at all."""
    if not 0 <= old_size <= size:
        return False
    if old_size in (0, size):
        return not proof and old_root == (EMPTY_ROOT if old_size == 0 else root) and (size > 0 or root == EMPTY_ROOT)
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for hash_ in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(hash_, old), node_hash(hash_, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, hash_)
        node, last = node >> 1, last >> 1
    return last == 0 and (old, new) == (old_root, root)
