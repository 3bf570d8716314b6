"""Reasons in words: a rule's texts as functions of a decision's values.

Part of `evaluate`. A policy's text holds FEEL between braces: "Exposure {orders.exposure_after} is above the limit".
When a rule set is loaded, each such formula becomes a function and each text a pattern for `str.format`; a decision
fills the pattern. What the texts of a rule show is worked out once for both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.deciding.value_words import differs_by_language, reader_formatter
from engine.ruleset.formula import Formula
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import Bilingual, Template
from engine.vocabulary.binding import Value
from engine.vocabulary.text import Text

Values = Sequence[Result]
"""All values of one decision by slot, see `PythonForm.slots`."""

Compile = Callable[[Formula], Callable[[Values], Value]]
"""Turns a formula into a function of a decision's values."""


class ReasonWords:
    """A rule's reason and remedy, ready to be filled in. Made once for each rule of a rule set."""

    def __init__(self, reason: Bilingual, remedy: Bilingual | None, compile_formula: Compile, currency: str) -> None:
        texts = [reason, *([remedy] if remedy else [])]
        parts = [part for text in texts for part in (*text.en, *text.zh)]
        formulas = tuple(dict.fromkeys(part for part in parts if not isinstance(part, str)))
        self._values = tuple(compile_formula(formula) for formula in formulas)
        self._en = tuple(reader_formatter(formula.type, currency, "en") for formula in formulas)
        self._zh = tuple(reader_formatter(formula.type, currency, "zh") for formula in formulas)
        self._is_same = not any(differs_by_language(formula.type) for formula in formulas)
        self._patterns = [(_pattern(text.en, formulas), _pattern(text.zh, formulas)) for text in texts]

    def fill(self, values: Values) -> tuple[Text, Text | None]:
        """The reason and the remedy for one decision; the remedy is None where the rule has none."""
        inserted = [value(values) for value in self._values]
        en = [write(value) for write, value in zip(self._en, inserted, strict=True)]
        zh = en
        if not self._is_same or None in inserted:
            zh = [write(value) for write, value in zip(self._zh, inserted, strict=True)]
        texts = [Text(pattern_en.format(*en), pattern_zh.format(*zh)) for pattern_en, pattern_zh in self._patterns]
        return texts[0], texts[1] if len(texts) > 1 else None


def _pattern(template: Template, formulas: Sequence[Formula]) -> str:
    """For `str.format`: literal braces are doubled, and each formula is its position among `formulas`. The template
    ("Above ", limit, " {!}") with `limit` as the second formula gives "Above {1} {{!}}"."""
    return "".join(
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{formulas.index(part)}}}"
        for part in template
    )
