"""Rows of two tables, or bands of two scorecards: which belongs to which. Part of `engine.proofs.compare`."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def paired(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> list[tuple[int | None, int | None]]:
    """Which of the one belongs to which of the other, by index, in the order of the second.

    Each has a name, perhaps empty, and what it says. They belong together by name, then by what they say, and what is
    left by its order; None: it has no counterpart."""
    free = dict.fromkeys(range(len(before)))
    found: dict[int, int] = {}

    def take(fits: Callable[[tuple[str, str], tuple[str, str]], bool]) -> None:
        for index, new in enumerate(after):
            if index not in found:
                match = next((old for old in free if fits(before[old], new)), None)
                if match is not None:
                    found[index] = match
                    del free[match]

    take(lambda old, new: bool(new[0]) and old[0] == new[0])
    take(lambda old, new: old[1] == new[1] and not (old[0] and new[0]))
    take(lambda old, new: not old[0] and not new[0])
    pairs: list[tuple[int | None, int | None]] = [(found.get(index), index) for index in range(len(after))]
    return [*pairs, *((old, None) for old in free)]
