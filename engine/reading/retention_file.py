"""The nodes of rules/retention.yaml → how long what was decided is kept, or every structural mistake in them.

For each kind of case how many years its requests and answers are kept, whether the law wants them kept so long, and by
which ground:

    order:
      years: 6
      required: true
      ground: {en: "Commercial letters, § 257 HGB", zh: "《德国商法典》第257条：商业信函"}

`required: true`: an erasure waits until then. `false`: the site's own choice, which an erasure comes before. A kind of
case that isn't named is kept for good, and may be erased at any time. What is past its years is dropped by `credence
journal retention`, never by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.reading.document import Document, Node, Scalar
from engine.reading.fields import FieldReader, TextLanguages
from engine.vocabulary.text import Text

SITE_RETENTION = "retention.yaml"
"""The file of a site's retention, in the folder of its policies. There need not be one."""

RETENTION_KEYS = ("years", "required", "ground")
"""All of them must be written."""

RETENTION_YEARS_MAX = 50
"""No law asks for longer; a slip of the finger does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long decisions on one kind of case are kept."""

    case: str
    """The kind of case."""
    place: Place
    years: int
    """Whole years from the day on which something was recorded."""
    required: bool
    """The law wants it kept so long."""
    ground: Text
    """By which law, or why."""


def read_retention(
    document: Document, cases: Collection[str], languages: TextLanguages | None = None
) -> tuple[tuple[RetentionRule, ...], tuple[Diagnostic, ...]]:
    """The rules of one file that have no mistakes, in its order, and all mistakes, sorted by place. Never raises.
    `cases`: kinds of case; `languages`: of the texts."""
    reader = FieldReader(languages=languages)
    rules = []
    for key, content in document.root.entries:
        before = len(reader.diagnostics)
        case = reader.choice(key, "a kind of case", cases)
        rule = _rule(reader, case or key.text, key.place, content)
        if case and rule and len(reader.diagnostics) == before:
            rules.append(rule)
    return tuple(rules), in_order(reader.diagnostics)


def _rule(reader: FieldReader, case: str, place: Place, node: Node) -> RetentionRule | None:
    what = f"the retention of `{case}`"
    fields = reader.fields(node, what, RETENTION_KEYS, RETENTION_KEYS, place) or {}
    years = _years(reader, fields["years"], what) if "years" in fields else None
    required = reader.yes_or_no(fields["required"], f"`required` of {what}") if "required" in fields else None
    ground = reader.text(fields["ground"], f"the ground of {what}") if "ground" in fields else None
    if years is None or required is None or ground is None:
        return None
    return RetentionRule(case=case, place=place, years=years, required=required, ground=ground)


def _years(reader: FieldReader, node: Node, what: str) -> int | None:
    text = node.text if isinstance(node, Scalar) else ""
    if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= RETENTION_YEARS_MAX:
        return int(text)
    reader.wrong_kind(node, f"`years` of {what}", f"a whole number from 1 to {RETENTION_YEARS_MAX}")
    return None
