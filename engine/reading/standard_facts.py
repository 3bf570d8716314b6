"""The engine's own facts, which every policy set has and which belong to its version."""

from __future__ import annotations

from functools import cache
from importlib.resources import files as package_files

from engine.reading import document
from engine.reading.document import Document
from engine.reading.vocabulary_file import read_vocabulary

STANDARD_FACTS = "engine/facts.yaml"
"""What the standard facts are called in version hashes, stored sets and places of mistakes. It stays as it was in the
first journals, so that their versions hold; the file itself is engine/vocabulary/facts.yaml."""


def standard_facts_content() -> bytes:
    """Their file."""
    return package_files("engine.vocabulary").joinpath("facts.yaml").read_bytes()


@cache
def standard_facts() -> Document:
    """Their file as it is read. It is the engine's own, so a mistake in it is no author's: it raises."""
    read, mistakes = document.read(standard_facts_content(), STANDARD_FACTS)
    if read is None or mistakes:
        raise AssertionError(f"the standard facts can't be read: {mistakes}")
    return read


@cache
def standard_flagged_facts() -> frozenset[str]:
    """Names of those that are confidential or personal, for whoever has no policy set in force."""
    vocabulary, _ = read_vocabulary(standard_facts(), None, required=())
    return vocabulary.flagged_facts()
