"""A text in both languages of the product, English and Chinese. Leaf: everything that shows texts imports it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The same text in both languages. `text["zh"]` gives the Chinese one, any other language the English one."""

    en: str
    """English."""

    zh: str
    """Simplified Chinese."""

    def __getitem__(self, language: str) -> str:
        return self.zh if language == "zh" else self.en
