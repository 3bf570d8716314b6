"""The kinds of case that policies decide: their facts, their ladder of outcomes, and which policies they may read.

The kinds are data: case_kinds.yaml, beside the standard facts in facts.yaml. It is read once, when this module is
imported, and strictly: the file is part of the product, so whatever is wrong with it stops the process at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files
from typing import cast

import yaml

from engine.vocabulary.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKind:
    """One kind of case, such as an order or an invoice."""

    name: str
    """The word that policies (`decides: order`), requests (`/v1/decisions/order`) and commands use."""

    title: Text
    """What readers are shown."""

    groups: tuple[str, ...]
    """The groups of facts that a case of this kind carries. The one that bears the kind's own name is among them."""

    reads: tuple[str, ...]
    """The other kinds whose policies this kind's policies may read: an order's read what is decided about its account.
    """

    conditional_outcomes: tuple[str, ...]
    """The outcomes whose rules may carry `conditions`: a case with such an outcome passes once its conditions are met.
    Empty where no rule of this kind may carry any."""

    ladder: tuple[str, ...]
    """All outcomes, from the mildest to the most severe. The most severe one that a rule gives is the decision's."""

    caution: str
    """The outcome where something is missing, where nothing decides the case, and where the two matchers disagree."""

    def severity(self, outcome: str) -> int:
        """The outcome's place on the ladder: 0 for the mildest. Raises `ValueError` for an outcome of another kind."""
        return self.ladder.index(outcome)

    def may_read(self, other: str) -> bool:
        """Whether this kind's policies may read what policies of the kind `other` define."""
        return other == self.name or other in self.reads


class CaseKindsUnfit(Exception):
    """The file of case kinds can't be used. The message names the kind and the key, and what is wrong there."""


_KEYS = frozenset({"title", "groups", "reads", "conditions", "caution", "ladder"})
"""Of one kind in the file; each must be written."""

_WORD = re.compile(r"[a-z][a-z_]*")
"""Names of kinds and outcomes: they are keys in policies, parts of paths and columns of files."""


def read_case_kinds(text: str) -> tuple[Mapping[str, CaseKind], Mapping[str, Text]]:
    """All kinds by name, and the title of every outcome, both in the file's order. Raises `CaseKindsUnfit`.

    An outcome's word means the same wherever it occurs: ladders that share it must give it the same title.
    """
    try:
        content = yaml.load(text, StrictLoader)
    except yaml.YAMLError as error:
        raise CaseKindsUnfit(f"case kinds: {error}") from None
    kinds = {name: _kind(name, entry) for name, entry in mapping_of(content, "case kinds").items()}
    for kind in kinds.values():
        _check_against_others(kind, kinds)
    titles: dict[str, Text] = {}
    for name, entry in content.items():
        for outcome, given in entry["ladder"].items():
            title = text_of(given, f"{name}: ladder: {outcome}")
            if titles.setdefault(outcome, title) != title:
                raise CaseKindsUnfit(f"{name}: ladder: another kind gives `{outcome}` another title")
    return kinds, titles


class StrictLoader(yaml.CBaseLoader):
    """For files of data that are part of the product. Every scalar is text: `no` is a word and no boolean. A key that
    is written twice is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002  # PyYAML's signature
        keys = [key.value for key, _ in node.value]
        if len(set(map(str, keys))) < len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a key is written twice", node.start_mark)
        return cast("dict[object, object]", super().construct_mapping(node, deep))


def _kind(name: str, entry: object) -> CaseKind:
    fields = mapping_of(entry, name)
    if strange := sorted(_KEYS ^ set(fields)):
        raise CaseKindsUnfit(
            f"{name}: {', '.join(strange)}: unknown or missing; the keys are {', '.join(sorted(_KEYS))}"
        )
    kind = CaseKind(
        name=name,
        title=text_of(fields["title"], f"{name}: title"),
        groups=_words(fields["groups"], f"{name}: groups"),
        reads=_words(fields["reads"], f"{name}: reads"),
        conditional_outcomes=_words(fields["conditions"], f"{name}: conditions"),
        ladder=tuple(mapping_of(fields["ladder"], f"{name}: ladder")),
        caution=str(fields["caution"]),
    )
    check_words((name, *kind.ladder), name)
    if kind.name not in kind.groups:
        raise CaseKindsUnfit(f"{name}: groups: its own group `{name}` is not among them")
    _check_known(kind.conditional_outcomes, kind.ladder, f"{name}: conditions")
    _check_known([kind.caution], kind.ladder[1:], f"{name}: caution")  # the mildest outcome passes a case, unchecked
    return kind


def _check_against_others(kind: CaseKind, kinds: Mapping[str, CaseKind]) -> None:
    """A policy that reads another is decided with its own case's facts, and reads what that one reads in its turn."""
    _check_known(kind.groups, kinds, f"{kind.name}: groups")
    _check_known(kind.reads, [name for name in kinds if name != kind.name], f"{kind.name}: reads")
    for other in kind.reads:
        _check_known(kinds[other].groups, kind.groups, f"{kind.name}: reads {other}, but of its groups")
        _check_known(kinds[other].reads, kind.reads, f"{kind.name}: reads {other}, but of what that reads")


def _check_known(words: Iterable[str], known: Iterable[str], what: str) -> None:
    possible = list(known)
    if strange := [word for word in words if word not in possible]:
        raise CaseKindsUnfit(f"{what}: {', '.join(strange)} is not one of: {', '.join(possible)}")


def check_words(words: Iterable[str], what: str) -> None:
    """Raises `CaseKindsUnfit` at the first that is no word."""
    if strange := [word for word in words if not _WORD.fullmatch(word)]:
        raise CaseKindsUnfit(f"{what}: `{strange[0]}` is not a word of lower-case letters and `_`")


def mapping_of(value: object, what: str) -> dict[str, object]:
    """A mapping with text for keys, not empty. Raises `CaseKindsUnfit`."""
    if not isinstance(value, dict) or not value or not all(isinstance(key, str) for key in value):
        raise CaseKindsUnfit(f"{what}: must be a mapping with at least one entry")
    return value


def _words(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(word, str) for word in value):
        raise CaseKindsUnfit(f"{what}: must be a list of words")
    if len(set(value)) < len(value):
        raise CaseKindsUnfit(f"{what}: a word is written twice")
    return tuple(value)


def text_of(value: object, what: str) -> Text:
    """A text in both languages. Raises `CaseKindsUnfit`."""
    match value:
        case {"en": str(en), "zh": str(zh), **others} if not others and en.strip() and zh.strip():
            return Text(en, zh)
        case _:
            raise CaseKindsUnfit(f"{what}: must be `{{en: …, zh: …}}`, neither of them blank")


CASE_KINDS, OUTCOME_TITLES = read_case_kinds(
    package_files("engine.vocabulary").joinpath("case_kinds.yaml").read_text("utf-8")
)
"""Every kind of case by name, and what readers are shown for each outcome."""
