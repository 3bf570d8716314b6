"""Reasons in words: a rule's texts as functions of a decision's values.

Part of `evaluate`. A policy's text holds FEEL between braces: "Exposure {orders.exposure_after} is above the limit".
When a rule set is loaded, each such formula becomes a function and each text a pattern for `str.format`; a decision
fills the pattern. What the texts of a rule show is worked out once for all languages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.deciding.value_words import differs_by_language, reader_formatter
from engine.ruleset.formula import Formula
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import RuleSet, Template, Wording
from engine.vocabulary.binding import Value
from engine.vocabulary.languages import reader_of
from engine.vocabulary.text import Text

Values = Sequence[Result]
"""All values of one decision by slot, see `PythonForm.slots`."""

Compile = Callable[[Formula], Callable[[Values], Value]]
"""Turns a formula into a function of a decision's values."""


class ReasonWords:
    """A rule's reason and remedy, ready to be filled in. Made once for each rule of a rule set."""

    def __init__(self, reason: Wording, remedy: Wording | None, compile_formula: Compile, ruleset: RuleSet) -> None:
        """`ruleset` says in which currency amounts are, and how values are written in each language."""
        wordings = [reason, *([remedy] if remedy else [])]
        parts = [part for wording in wordings for _, template in wording.by_language for part in template]
        formulas = tuple(dict.fromkeys(part for part in parts if not isinstance(part, str)))
        self._values = tuple(compile_formula(formula) for formula in formulas)
        self._formatters = {
            language: tuple(
                reader_formatter(
                    formula.type, ruleset.currency, reader_of(language, ruleset.languages), words=ruleset.words
                )
                for formula in formulas
            )
            for language in dict(reason.by_language)
        }
        self._is_same = not any(differs_by_language(formula.type) for formula in formulas)
        self._patterns = [
            [(language, _pattern(template, formulas)) for language, template in wording.by_language]
            for wording in wordings
        ]

    def fill(self, values: Values) -> tuple[Text, Text | None]:
        """The reason and the remedy for one decision; the remedy is None where the rule has none."""
        inserted = [value(values) for value in self._values]
        is_same = self._is_same and None not in inserted
        written: dict[str, list[str]] = {}
        words: list[str] | None = None
        for language, formatters in self._formatters.items():
            if words is None or not is_same:
                words = [write(value) for write, value in zip(formatters, inserted, strict=True)]
            written[language] = words
        texts = [
            Text.of([(language, pattern.format(*written[language])) for language, pattern in patterns])
            for patterns in self._patterns
        ]
        return texts[0], texts[1] if len(texts) > 1 else None


def _pattern(template: Template, formulas: Sequence[Formula]) -> str:
    """For `str.format`: literal braces are doubled, and each formula is its position among `formulas`. The template
    ("Above ", limit, " {!}") with `limit` as the second formula gives "Above {1} {{!}}"."""
    return "".join(
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{formulas.index(part)}}}"
        for part in template
    )
