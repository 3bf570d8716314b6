"""What rules may ask people to do: the words that policies use, with what readers are shown.

The words are data: actions.yaml, beside case_kinds.yaml. It is read once, when this module is imported, and strictly.
A site's own actions are read with its facts (`engine.reading.vocabulary_file`).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files as package_files

import yaml

from engine.vocabulary.case_kinds import CaseKindsUnfit, StrictLoader, check_words, mapping_of, text_of
from engine.vocabulary.text import Text


def read_actions(text: str) -> Mapping[str, Text]:
    """The title of every action by its word, in the file's order. Raises `CaseKindsUnfit`."""
    try:
        content = yaml.load(text, StrictLoader)
    except yaml.YAMLError as error:
        raise CaseKindsUnfit(f"actions: {error}") from None
    written = mapping_of(content, "actions")
    check_words(written, "actions")
    return {word: text_of(title, f"actions: {word}") for word, title in written.items()}


STANDARD_ACTIONS: Mapping[str, Text] = read_actions(
    package_files("engine.vocabulary").joinpath("actions.yaml").read_text("utf-8")
)
"""The actions that every site has."""
