"""How messages to authors and callers quote words, list what is possible, and guess what was meant."""

from __future__ import annotations

from collections.abc import Collection

from engine.diagnostics.nearest import nearest


def did_you_mean(word: str, known: Collection[str]) -> str:
    """A hint with the nearest known word, or with all of them when none is near and they are few."""
    if (close := nearest(word, known)) is not None:
        return f"did you mean `{close}`?"
    return f"possible are {listed(known)}" if 0 < len(known) <= 12 else ""


def listed(words: Collection[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def clipped(text: str) -> str:
    """The author's text, short enough for one line of a message."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
