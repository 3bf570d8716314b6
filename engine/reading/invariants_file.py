"""The nodes of rules/invariants.yaml → invariants as written, or every structural mistake in them.

    smaller-order-never-worse:
      title: {en: A smaller order is never decided worse, zh: 订单金额减少，结果不应变差}
      why: {en: House rule 4., zh: 内部规定第四条。}
      level: must
      case: order
      given: account.insolvent = false
      change: {order.amount: less}
      then: not worse

What the names in it mean, and whether a change fits its fact, `engine.compiling.invariants` says. An invariant with a
mistake is left out, never read in part: without one of its conditions it would say something else.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import TOO_LARGE, Diagnostic, Place, in_order
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.reading.document import Document, Mapping, Node, Scalar, Sequence
from engine.reading.fields import FieldReader, TextLanguages
from engine.reading.leaf import condition
from engine.reading.policy import Expression
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.invariant_words import CarryWord, ChangeWord, Claim, Level
from engine.vocabulary.text import Text

INVARIANTS = "invariants"
"""What the file is called, and the reader of its formulas."""

SITE_INVARIANTS = f"{INVARIANTS}.yaml"
"""The file of a site's invariants, in the folder of its policies. There need not be one."""

INVARIANT_KEYS = ("title", "why", "level", "case", "given", "change", "split", "then")
INVARIANT_KEYS_REQUIRED = ("title", "level", "case", "then")
SPLIT_KEYS = ("amount", "carried")
THEN_KEYS = ("outcome", "holds")

ANY_CHANGE = "any"
"""Behind `change:` for two cases with nothing in common."""

INVARIANTS_MAX = 200
"""In one file; each takes seconds to prove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantDefinition:
    """One invariant as its author wrote it. Exactly one of `holds`, `outcome` and `claim` is there."""

    name: str
    place: Place
    title: Text
    why: Text | None
    level: Level
    case: str
    given: tuple[Expression, ...]
    """Conditions that must all hold; none: it speaks of every case."""
    holds: Expression | None
    outcome: str | None
    claim: Claim | None
    changes: tuple[tuple[Scalar, ChangeWord], ...]
    """Facts, and how each changes."""
    is_any_change: bool
    split: Scalar | None
    """The amount that is split."""
    carried: tuple[tuple[Scalar, CarryWord], ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All FEEL in it."""
        return (*self.given, *([self.holds] if self.holds else []))


def read_invariants(
    document: Document, languages: TextLanguages | None = None
) -> tuple[tuple[InvariantDefinition, ...], tuple[Diagnostic, ...]]:
    """The invariants of one file that have no mistakes, in its order, and all mistakes, sorted by place. Never raises.
    `languages`: of its texts."""
    reader = FieldReader(languages=languages)
    invariants = []
    for key, content in document.root.entries:
        before = len(reader.diagnostics)
        name = reader.id(key, "an invariant's id")
        invariant = _invariant(reader, name or clipped(key.text), key.place, content)
        if name and invariant and len(reader.diagnostics) == before:
            invariants.append(invariant)
    if len(document.root.entries) > INVARIANTS_MAX:
        place = document.root.entries[INVARIANTS_MAX][0].place
        message = f"there are {len(document.root.entries):,} invariants; at most {INVARIANTS_MAX} are proved"
        reader.mistake(place, TOO_LARGE, message, "keep those that matter")
    return tuple(invariants), in_order(reader.diagnostics)


def _invariant(reader: FieldReader, name: str, place: Place, node: Node) -> InvariantDefinition | None:
    what = f"the invariant `{name}`"
    fields = reader.fields(node, what, INVARIANT_KEYS, INVARIANT_KEYS_REQUIRED, place) or {}
    title = reader.text(fields.get("title"), f"the title of {what}")
    why = reader.text(fields.get("why"), f"`why` of {what}")
    level = reader.choice(fields["level"], "a level", tuple(Level)) if "level" in fields else None
    case = reader.choice(fields["case"], "a kind of case", tuple(CASE_KINDS)) if "case" in fields else None
    kind = CASE_KINDS[case] if case else None
    given = _given(reader, fields["given"], what) if "given" in fields else ()
    changes, is_any = _changes(reader, fields["change"], what) if "change" in fields else ((), False)
    split, carried = _split(reader, fields["split"], what) if "split" in fields else (None, ())
    if "change" in fields and "split" in fields:
        reader.mistake(place, ErrorCode.P006, f"{what} has both `change` and `split`", "make two invariants of it")
    then = _then(reader, fields["then"], what, kind) if "then" in fields else None
    if not (title and level and case and then):
        return None
    outcome, holds, claim = then
    _check_claim(reader, fields["then"], claim, outcome, two=bool(changes) or is_any, three=split is not None)
    return InvariantDefinition(
        name=name,
        place=place,
        title=title,
        why=why,
        level=Level(level),
        case=case,
        given=given,
        holds=holds,
        outcome=outcome,
        claim=claim,
        changes=changes,
        is_any_change=is_any,
        split=split,
        carried=carried,
    )


def _given(reader: FieldReader, node: Node, what: str) -> tuple[Expression, ...]:
    if isinstance(node, Sequence):
        parts = [condition(reader, item, f"a condition of {what}") for item in reader.items(node, f"`given` of {what}")]
    else:
        parts = [condition(reader, node, f"`given` of {what}")]
    return tuple(part for part in parts if part)


def _changes(reader: FieldReader, node: Node, what: str) -> tuple[tuple[tuple[Scalar, ChangeWord], ...], bool]:
    if isinstance(node, Scalar):
        reader.choice(node, f"`change` of {what}", (ANY_CHANGE,))
        return (), True
    changes = []
    for key, content in reader.entries(node, f"`change` of {what}"):
        word = reader.choice(content, "a word for a change", tuple(ChangeWord))
        if word:
            changes.append((key, ChangeWord(word)))
    return tuple(changes), False


def _split(reader: FieldReader, node: Node, what: str) -> tuple[Scalar | None, tuple[tuple[Scalar, CarryWord], ...]]:
    fields = reader.fields(node, f"`split` of {what}", SPLIT_KEYS, ("amount",)) or {}
    amount = fields.get("amount")
    if amount is not None and reader.word(amount, f"`amount` of {what}") is None:
        amount = None
    carried = []
    for key, content in reader.entries(fields["carried"], f"`carried` of {what}") if "carried" in fields else ():
        word = reader.choice(content, "a word for what is carried", tuple(CarryWord))
        if word:
            carried.append((key, CarryWord(word)))
    return amount if isinstance(amount, Scalar) else None, tuple(carried)


_Then = tuple[str | None, Expression | None, Claim | None]


def _then(reader: FieldReader, node: Node, what: str, kind: CaseKind | None) -> _Then | None:
    if not isinstance(node, Mapping):
        claim = reader.choice(node, f"`then` of {what}", tuple(Claim))
        return (None, None, Claim(claim)) if claim else None
    fields = reader.fields(node, f"`then` of {what}", THEN_KEYS) or {}
    if len(fields) != 1:
        reader.mistake(node.place, ErrorCode.P002, f"`then` of {what} says one thing", f"write {listed(THEN_KEYS)}")
        return None
    if "holds" in fields:
        holds = condition(reader, fields["holds"], f"`holds` of {what}")
        return (None, holds, None) if holds else None
    ladder = kind.ladder if kind else tuple(step for each in CASE_KINDS.values() for step in each.ladder)
    outcome = fields["outcome"]
    if isinstance(outcome, Scalar) and outcome.text in ladder:
        return outcome.text, None, None
    quoted = f"`{clipped(outcome.text)}`" if isinstance(outcome, Scalar) else "this"
    hint = did_you_mean(outcome.text, ladder) if isinstance(outcome, Scalar) else ""
    whose = f" for {kind.name}s" if kind else ""
    reader.mistake(outcome.place, ErrorCode.P008, f"{quoted} is not an outcome{whose}", hint)
    return None


def _check_claim(
    reader: FieldReader, node: Node, claim: Claim | None, outcome: str | None, *, two: bool, three: bool
) -> None:
    """A claim about several cases needs a `change` or a `split`; one about one needs that there is neither."""
    if claim is Claim.NOT_BOTH_PASS and not three:
        reader.mistake(node.place, ErrorCode.P002, f"`{claim}` needs a `split`", "write `split: {amount: …}`")
    elif claim not in (None, Claim.NOT_BOTH_PASS) and not two:
        reader.mistake(node.place, ErrorCode.P002, f"`{claim}` needs a `change`", "write `change: {…: less}`")
    elif outcome is not None and (two or three):
        hint = "write `not worse`, or `holds` with the values of the sides"
        reader.mistake(node.place, ErrorCode.P002, "an `outcome` is said of one case, not of several", hint)
