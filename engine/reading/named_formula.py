"""A formula under a name, as values and conditions have it: FEEL alone, or entries with type and title around it.

    exposure_after: account.exposure + order.amount
    exposure_after: {formula: account.exposure + order.amount, type: money, title: {en: Exposure, zh: 敞口}}

Part of `read_policy`.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagnostics.diagnostic import Place
from engine.reading.document import Mapping, Node
from engine.reading.fields import FieldReader
from engine.reading.leaf import expression
from engine.reading.policy import Expression, TypeName
from engine.vocabulary.text import Text

_KEYS = ("formula", "type", "members", "minimum", "maximum", "title")


@dataclass(frozen=True, slots=True)
class NamedFormula:
    """What stands behind the name."""

    formula: Expression
    type: TypeName | None
    title: Text | None

    more: dict[str, Node]
    """The entries of `more_keys` that are written, not read yet."""


def read_named_formula(
    reader: FieldReader, place: Place, node: Node, what: str, more_keys: tuple[str, ...] = ()
) -> NamedFormula | None:
    r"""None where there is no formula that can be read; the mistakes go to `reader`.

    `place` is that of the name, `what` names the thing in messages (`the value \`x\``), and `more_keys` are keys that
    may stand beside formula, type and title.
    """
    if not isinstance(node, Mapping):
        feel = expression(reader, node, f"the formula of {what}")
        return NamedFormula(feel, None, None, {}) if feel else None
    fields = reader.fields(node, what, (*_KEYS, *more_keys), ("formula",), place) or {}
    type_ = reader.bounded_type(fields)
    title = reader.text(fields.get("title"), f"the title of {what}")
    feel = expression(reader, fields["formula"], f"the formula of {what}") if "formula" in fields else None
    more = {key: fields[key] for key in more_keys if key in fields}
    return NamedFormula(feel, type_, title, more) if feel else None
