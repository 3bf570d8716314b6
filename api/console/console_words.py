"""The console's own texts, each in English and Chinese: words.yaml. What policies, people and customers wrote stands in
their words.

A text may have places for values: `{count} held`. A word that isn't there is a fault of ours and raises KeyError.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""Languages of the console, by the word in `?lang=`, as browsers call them."""

_FILE = Path(__file__).parent / "words.yaml"


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """By word: the text by language."""
    read = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {str(word): {"en": str(texts[0]), "zh": str(texts[1])} for word, texts in read.items()}


def language_of(asked: str | None, kept: str | None, accepted: str) -> str:
    """What a reader gets: what the address asks for, else what a cookie kept, else the first that the browser takes,
    else English. `accepted` is the header `Accept-Language`."""
    for word in (asked, kept, *(each.partition(";")[0].strip()[:2].lower() for each in accepted.split(","))):
        if word in LANGUAGES:
            return str(word)
    return "en"
