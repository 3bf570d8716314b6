"""Whether the texts of a policy set are those of its version, which whoever relies on stored texts asks first."""

from __future__ import annotations

import json

from engine.pipeline import version


def gives_version(name: str, files: object, standard_facts: object) -> bool:
    """Whether the version `name` is that of the files and the standard facts, as they are stored.

    `files`: file name → text, as an object or as its JSON. `standard_facts`: a text; None where they weren't kept, then
    this engine's are taken. What has no such shape gives no version.
    """
    texts = texts_of(files)
    if texts is None or not (standard_facts is None or isinstance(standard_facts, str)):
        return False
    try:
        encoded = {file: text.encode() for file, text in texts.items()}
        return version(encoded, None if standard_facts is None else standard_facts.encode()) == name
    except (UnicodeError, ValueError):
        return False


def texts_of(files: object) -> dict[str, str] | None:
    """File name → text; None where it is none."""
    if isinstance(files, str):
        try:
            files = json.loads(files)
        except (ValueError, RecursionError):
            return None
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        return None
    return files
