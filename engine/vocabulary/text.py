"""A text in the languages of its readers. Leaf: everything that shows texts imports it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from engine.vocabulary.languages import OWN_LANGUAGES, Reader

_COLONS = {"zh": "：", "ja": "："}
"""How a title is parted from what follows it, where that is not a colon and a blank."""


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """The same text in one language or more.

    `Text("hold", "信用冻结")` is a sentence of credence's own, in English and Chinese. What a site writes comes in the
    site's languages, the first of them first:

        title = Text.of({"de": "Sperre", "en": "hold"})
        title["en"]                → hold
        title["fr"]                → Sperre: the first that there is
        title[("zh", "en", "de")]  → hold: the first of a reader's languages that there is
    """

    by_language: tuple[tuple[str, str], ...]
    """Languages by ISO 639-1 code, each with its text. Never empty."""

    def __init__(self, en: str, zh: str) -> None:
        object.__setattr__(self, "by_language", (("en", en), ("zh", zh)))

    @classmethod
    def of(cls, texts: Mapping[str, str] | Iterable[tuple[str, str]]) -> Self:
        """A text by language. Raises `ValueError` for none."""
        pairs = tuple(texts.items() if isinstance(texts, Mapping) else texts)
        if not pairs:
            raise ValueError("a text has at least one language")
        text = object.__new__(cls)
        object.__setattr__(text, "by_language", pairs)
        return text

    def __getitem__(self, reader: str | Reader) -> str:
        texts = dict(self.by_language)
        wanted = (reader,) if isinstance(reader, str) else reader
        return next((texts[language] for language in wanted if language in texts), self.by_language[0][1])

    @property
    def en(self) -> str:
        """What a reader of English gets; in sentences of credence's own that name a site's words."""
        return self["en"]

    @property
    def zh(self) -> str:
        """What a reader of Chinese gets."""
        return self["zh"]

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that it has, the first one first."""
        return tuple(language for language, _ in self.by_language)

    def among(self, listed: tuple[str, ...]) -> Text:
        """The text as a site with these languages shows it: those of them that it has, in their order. Where it has
        none, which only texts of credence's own can happen to, the English one stays."""
        texts = dict(self.by_language)
        kept = tuple((language, texts[language]) for language in listed if language in texts)
        return Text.of(kept or (self._last_resort,))

    @property
    def _last_resort(self) -> tuple[str, str]:
        texts = dict(self.by_language)
        own = OWN_LANGUAGES[0]
        return (own, texts[own]) if own in texts else self.by_language[0]

    def replaced_by(self, other: Text) -> Text:
        """This text with the languages that `other` has in place of its own."""
        return Text.of(dict(self.by_language) | dict(other.by_language))

    def before(self, value: Text | str) -> Text:
        """The text as a title, with what it is the title of behind it: `Open items: due`, `未清项：due`."""
        return Text.of(
            (language, f"{text}{_COLONS.get(language, ': ')}{value if isinstance(value, str) else value[language]}")
            for language, text in self.by_language
        )

    def as_json(self) -> dict[str, str]:
        """As answers hold it: `{"en": …, "zh": …}`, in the site's order of languages."""
        return dict(self.by_language)
