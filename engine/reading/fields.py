"""Reading an author's nodes against what a file must look like, collecting every mistake on the way.

Shared by the readers of policies, facts, cases and maps. Each method of `FieldReader` gives None, or leaves out what is
wrong, after noting it; so reading always goes on to the next mistake, and an author sees all of them at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from collections.abc import Mapping as PyMapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.diagnostics.wording import Hint, clipped, did_you_mean, listed, odd_word_of
from engine.feel.hints import number_meant
from engine.reading.document import Mapping, Node, Scalar, Sequence
from engine.reading.policy import TypeName
from engine.reading.type_words import type_hint
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import ISO_DATE, day_number
from engine.vocabulary.languages import LANGUAGE_NAMES, OWN_LANGUAGES, language_meant
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import DATE, Kind
from engine.vocabulary.written_numbers import beyond, percent, plain

NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
"""What formulas can use as a name: of a parameter, value, output, or a fact within its group."""

ID = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)
"""What only people and programs name: rules, rows, tables, tests. Hyphens make them unfit for formulas."""

NAME_LENGTH_MAX = 80
"""Characters of a name or id."""

FACT_GROUPS = tuple(dict.fromkeys(group for kind in CASE_KINDS.values() for group in kind.groups))
"""The first part of a fact's name: `order`, `account` and so on, in the order of the case kinds."""

_BOUNDS = ("minimum", "maximum")

_KEYWORDS = ("for", "if", "then", "else", "some", "every", "satisfies", "return", "function") + (
    "in",
    "between",
    "and",
    "or",
    "not",
    "instance",
    "of",
    "true",
    "false",
    "null",
)
_FREE_ELSEWHERE = frozenset({"limit"})
"""Groups that came when policies had parameters of that name: reserved only where a policy can read their facts."""

_GROUP = "a group of facts"

RESERVED = {
    **dict.fromkeys(_KEYWORDS, "a word of FEEL"),
    **dict.fromkeys((group for group in FACT_GROUPS if group not in _FREE_ELSEWHERE), _GROUP),
    "as_of": "the date of the decision",
}
"""Names that can't be given in any policy, with what each is already."""

SCALAR_KINDS = tuple(kind for kind in Kind if kind is not Kind.LIST)
"""The types of single values, by the words that authors write; facts alone may be lists."""


def kind_of(node: Node) -> str:
    """What a node is, for the end of a message: `not a list`, `not the number 5`."""
    match node:
        case Mapping():
            return "a group of `key: value` entries"
        case Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return f"`{node.text}`"
        case Scalar(value=Decimal()):
            return f"the number `{clipped(node.text)}`"
        case _:
            return f"`{clipped(node.text)}`"


def day(text: str) -> date | None:
    """The date that this text writes as YYYY-MM-DD; None if it is none, or not one that a policy can speak of."""
    if not ISO_DATE.fullmatch(text):
        return None
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        return None
    return parsed if DATE.low <= day_number(parsed) <= DATE.high else None


@dataclass(frozen=True, slots=True)
class TextLanguages:
    """In which languages the texts of a set's files are written. One for all files of a set."""

    listed: tuple[str, ...] = OWN_LANGUAGES
    """Those that every text must have, the first one first."""

    others: dict[str, list[Place]] = field(default_factory=dict)
    """Where texts in languages stand that are not listed, by language: collected while files are read."""


class FieldReader:
    """Collects the mistakes of one file in `diagnostics`, and knows the shapes that its parts can have.

        reader = FieldReader()
        fields = reader.fields(document.root, "a policy", ("policy", "title"), required=("policy",)) or {}
        name = reader.name(fields["policy"], "a policy's name") if "policy" in fields else None

    Every method goes on after a mistake, so callers write no conditions but for parts that are absent. `what` names the
    part for messages, with its article: "a row", "the title of the policy". The codes are explained in
    docs/diagnostics.md.
    """

    def __init__(
        self,
        words: Collection[str] = (),
        languages: TextLanguages | None = None,
        own_words: Collection[str] = (),
    ) -> None:
        """`words`: those of the facts' enums, as far as they are known, for hints. `languages`: of the texts; English
        and Chinese where none are given. `own_words`: those of enums that the file itself declares."""
        self.diagnostics: list[Diagnostic] = []
        self.enum_words = words
        self.odd_word = odd_word_of({*words, *own_words})
        """Finds a word of an enum that a formula compares with and FEEL reads as something else, such as `N/30`; None
        where no enum has such a word."""
        self.text_languages = languages or TextLanguages()
        self.reserved: PyMapping[str, str] = RESERVED

    def reserve_groups(self, groups: Collection[str]) -> None:
        """These groups of facts can be read, so that nothing else may have their names."""
        self.reserved = {**RESERVED, **dict.fromkeys(groups, _GROUP)}

    def mistake(self, place: Place, code: ErrorCode, message: str, hint: str = "") -> None:
        """Notes a mistake; reading goes on."""
        self.diagnostics.append(Diagnostic(place, code, message, hint))

    def wrong_kind(self, node: Node, what: str, expected: str, hint: str = "") -> None:
        """Notes that a node is the wrong kind of thing; `expected` says what it should be: `a list`."""
        self.mistake(node.place, ErrorCode.P003, f"{what} must be {expected}, not {kind_of(node)}", hint)

    # --- entries -----------------------------------------------------------------------------------------------------

    def fields(
        self, node: Node, what: str, known: Collection[str], required: Collection[str] = (), place: Place | None = None
    ) -> dict[str, Node] | None:
        """The entries of a mapping with fixed keys, by key; None if it is no mapping.

        Keys that aren't `known` are mistakes, and left out. Keys in `required` that are missing are mistakes at
        `place`, which is the node's own if not given.
        """
        if not isinstance(node, Mapping):
            self.wrong_kind(node, what, "a group of `key: value` entries", f"its keys are {listed(known)}")
            return None
        by_key: dict[str, Node] = {}
        for key, value in node.entries:
            if key.text in known:
                by_key[key.text] = value
            else:
                hint = did_you_mean(key.text, known)
                self.mistake(key.place, ErrorCode.P001, f"`{clipped(key.text)}` is not a key of {what}", hint)
        for key_ in required:
            if key_ not in by_key:
                self.mistake(place or node.place, ErrorCode.P002, f"{what} has no `{key_}`", f"write `{key_}: …`")
        return by_key

    def entries(self, node: Node, what: str, least: int = 1) -> Iterator[tuple[Scalar, Node]]:
        """The entries of a mapping whose keys the author chooses; a mistake if there are fewer than `least`."""
        if not isinstance(node, Mapping):
            self.wrong_kind(node, what, "a group of `key: value` entries")
            return
        if len(node.entries) < least:
            self.empty(node, what)
        yield from node.entries

    def items(self, node: Node, what: str) -> tuple[Node, ...]:
        """The items of a list; none, with a mistake, if it is no list or empty."""
        if not isinstance(node, Sequence):
            self.wrong_kind(node, what, "a list", "write `- ` before each item, or `[…]` around them")
            return ()
        if not node.items:
            self.empty(node, what)
        return node.items

    def empty(self, node: Node, what: str) -> None:
        """Notes that a list or mapping has nothing in it."""
        self.mistake(
            node.place, ErrorCode.P016, f"{what} must not be empty", "write at least one entry, or leave the key out"
        )

    # --- names and words ---------------------------------------------------------------------------------------------

    def name(self, scalar: Node, what: str) -> str | None:
        """A name that formulas can use: small letters, digits and `_`, and none that is reserved."""
        name = self._spelled(scalar, what, NAME, "small letters, digits and `_`, a letter first")
        if name is not None and name in self.reserved:
            message = f"`{name}` is {self.reserved[name]}, not a free name"
            self.mistake(scalar.place, ErrorCode.P005, message, "choose another name")
            return None
        return name

    def id(self, scalar: Node, what: str) -> str | None:
        """The id of something that formulas don't name: `-` may stand in it."""
        return self._spelled(scalar, what, ID, "small letters, digits, `-` and `_`, a letter first")

    def _spelled(self, node: Node, what: str, pattern: re.Pattern[str], rule: str) -> str | None:
        if not isinstance(node, Scalar) or not node.text:
            self.wrong_kind(node, what, "a name")
            return None
        if len(node.text) > NAME_LENGTH_MAX or not pattern.fullmatch(node.text):
            suggestion = _respelled(node.text, pattern)
            hint = f"write `{suggestion}`" if suggestion else f"use {rule}"
            self.mistake(node.place, ErrorCode.P004, f"`{clipped(node.text)}` is not {what}: {rule}", hint)
            return None
        return node.text

    def word(self, node: Node, what: str) -> str | None:
        """Text that YAML doesn't read as a number, `true`, `false` or null; blank text is a mistake."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.text.strip():
            return node.text
        hint = ""
        if isinstance(node, Scalar) and node.value is not None and node.text:
            hint = f'write it between quotes, `"{node.text}"`'
        self.wrong_kind(node, what, "a word", hint)
        return None

    def choice(self, node: Node, what: str, choices: Collection[str], hint: Hint = did_you_mean) -> str | None:
        """One of the words in `choices`, as written; `hint` says of another word what was meant."""
        if not isinstance(node, Scalar):
            self.wrong_kind(node, what, f"one of {listed(choices)}")
        elif node.text not in choices:
            self.mistake(node.place, ErrorCode.P007, f"`{clipped(node.text)}` is not {what}", hint(node.text, choices))
        else:
            return node.text
        return None

    def calendar_day(self, node: Node) -> date | None:
        """A day of the calendar, written YYYY-MM-DD."""
        date_ = day(node.text) if isinstance(node, Scalar) else None
        if date_ is None:
            quoted = f"`{clipped(node.text)}`" if isinstance(node, Scalar) else "this"
            hint = "write it as YYYY-MM-DD, such as `2026-07-01`"
            self.mistake(node.place, ErrorCode.P012, f"{quoted} is not a date", hint)
        return date_

    def yes_or_no(self, node: Node, what: str) -> bool | None:
        """`true` or `false`, as YAML writes them."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong_kind(node, what, "`true` or `false`")
        return None

    # --- texts and types ---------------------------------------------------------------------------------------------

    def text_form(self, first: str = "…") -> str:
        """How a text is written, for hints: `{en: …, zh: …}`; `first` is the text in the first language."""
        first_code, *others = self.text_languages.listed
        return f"{{{', '.join([f'{first_code}: {first}', *(f'{code}: …' for code in others)])}}}"

    def languages(self, node: Node, what: str, *, all_listed: bool = True) -> tuple[tuple[str, Scalar], ...] | None:
        """The scalars of `{en: …, zh: …}` by language, in the order in which the site lists its languages; None, with a
        mistake, unless each of these is there and not blank.

        Where the site lists one language, a plain text is in that one. Texts in other languages are left out, and noted
        in `text_languages`. Without `all_listed` some of the languages are enough.
        """
        codes = self.text_languages.listed
        if isinstance(node, Scalar):
            if len(codes) == 1:
                text = self._in_language(node, codes[0], what)
                return ((codes[0], text),) if text else None
            message = f"{what} needs its text in {_names(codes)}"
            self.mistake(node.place, ErrorCode.P010, message, f"write `{self.text_form(clipped(node.text) or '…')}`")
            return None
        fields = self._by_language(node, what)
        if fields is None:
            return None
        texts = []
        for code in codes:
            if code in fields:
                texts.append((code, self._in_language(fields[code], code, what)))
            elif all_listed:
                texts.append((code, None))
                message = f"{what} has no {LANGUAGE_NAMES[code]} text"
                self.mistake(node.place, ErrorCode.P010, message, f"write `{code}: …`")
        read = tuple((code, scalar) for code, scalar in texts if scalar)
        return read if read and len(read) == len(texts) else None

    def _by_language(self, node: Node, what: str) -> dict[str, Node] | None:
        """The entries of a text in the listed languages. Others are noted; what is no language is a mistake."""
        codes = self.text_languages.listed
        if not isinstance(node, Mapping):
            self.wrong_kind(node, what, "a group of `key: value` entries", f"its keys are {listed(codes)}")
            return None
        fields: dict[str, Node] = {}
        for key, content in node.entries:
            if key.text in codes:
                fields[key.text] = content
            elif key.text in LANGUAGE_NAMES:
                self.text_languages.others.setdefault(key.text, []).append(key.place)
            else:
                meant = language_meant(key.text)
                hint = f"did you mean `{meant}`?" if meant in codes else did_you_mean(key.text, codes)
                self.mistake(key.place, ErrorCode.P001, f"`{clipped(key.text)}` is not a key of {what}", hint)
        return fields

    def _in_language(self, node: Node, code: str, what: str) -> Scalar | None:
        language = LANGUAGE_NAMES[code]
        if not isinstance(node, Scalar):
            self.wrong_kind(node, f"the {language} text of {what}", "text", "write it between quotes")
        elif (node.value is None and not node.quoted) or not node.text.strip():
            self.mistake(
                node.place, ErrorCode.P010, f"the {language} text of {what} is empty", f"write the text after `{code}:`"
            )
        else:
            return node
        return None

    def text(self, node: Node | None, what: str, *, all_listed: bool = True) -> Text | None:
        """A text in the site's languages. None for no node, which is no mistake here, and for a mistake."""
        texts = self.languages(node, what, all_listed=all_listed) if node else None
        return Text.of((code, scalar.text) for code, scalar in texts) if texts else None

    def type_name(self, fields: dict[str, Node], *, or_list: bool = False) -> TypeName | None:
        """The type in an entry with keys `type` and `members`, None if it has neither; `or_list`: one could be meant.

        `type` may itself be `{type: enum, members: […]}`. Members alone make an enum:

            {type: days}
            {type: enum, members: [north, south]}
            {members: {north: {en: North, zh: 北}, south: }}
        """
        node, members = fields.get("type"), fields.get("members")
        if isinstance(node, Mapping):
            inner = self.fields(node, "a type", ("type", "members"), ("type",)) or {}
            return self.type_name(inner, or_list=or_list)
        if node is None:
            return self._enum(members, members.place) if members is not None else None
        word = self.choice(node, "a type", (*SCALAR_KINDS, Kind.LIST) if or_list else SCALAR_KINDS, type_hint)
        return self._typed(word, node, members) if word else None

    def bounded_type(self, fields: dict[str, Node], *, or_list: bool = False) -> TypeName | None:
        """As `type_name`, with keys `minimum` and `maximum`: between which numbers an author may write for it.

        {type: rate, maximum: 2}
        """
        declared = self.type_name(fields, or_list=or_list)
        written = {word: self._bound(fields[word], word, declared) for word in _BOUNDS if word in fields}
        bounds = {word: number for word, number in written.items() if number is not None}
        if declared is None or not bounds:
            return declared
        bounded = replace(declared, minimum=bounds.get("minimum"), maximum=bounds.get("maximum"))
        low, high = bounds_of(bounded)
        if low is not None and high is not None and low > high:
            place = fields["maximum" if "maximum" in bounds else "minimum"].place
            hint = "swap the two" if len(bounds) > 1 else "write both `minimum` and `maximum`"
            self.mistake(place, ErrorCode.P033, "the maximum is below the minimum", hint)
            return declared
        return bounded

    def _bound(self, node: Node, word: str, declared: TypeName | None) -> Decimal | None:
        """A bound of a type that has numbers; a mistake if it is none, or if the type has none."""
        if declared is None or not Kind(declared.word).is_numeric:
            hint = f"leave `{word}` out" if declared else "write `type: rate`, or another type of numbers"
            what = f"`{declared.word}` has" if declared else "what has no declared type has"
            self.mistake(node.place, ErrorCode.P033, f"{what} no {word}", hint)
        elif isinstance(node, Scalar) and isinstance(node.value, Decimal):
            return node.value
        else:
            self.wrong_kind(node, f"the {word}", "a number")
        return None

    def _typed(self, word: str, node: Node, members: Node | None) -> TypeName | None:
        if word != Kind.ENUM:
            if members is not None:
                hint = "leave `members` out, or write `type: enum`"
                self.mistake(members.place, ErrorCode.P018, f"a type `{word}` has no members", hint)
            return TypeName(word=word, members=(), place=node.place)
        if members is None:
            self.mistake(node.place, ErrorCode.P018, "an enum must list its members", "write `members: [one, two]`")
            return None
        return self._enum(members, node.place)

    def _enum(self, members: Node, place: Place) -> TypeName:
        """Members are a list of words, or titles by word, where a word with nothing behind it has no title."""
        if not isinstance(members, Mapping):
            return TypeName(word=Kind.ENUM, members=self.words(members, "a member"), place=place)
        words: list[str] = []
        titles: list[tuple[str, Text]] = []
        for key, content in self.entries(members, "the list of members"):
            if (word := self.word(key, "a member")) is None:
                continue
            words.append(word)
            if isinstance(content, Scalar) and content.value is None and not content.quoted:
                continue
            if title := self.text(content, f"the member `{clipped(word)}`"):
                titles.append((word, title))
        return TypeName(word=Kind.ENUM, members=tuple(words), place=place, titles=tuple(titles))

    def words(self, node: Node, what: str) -> tuple[str, ...]:
        """A list of different words; one that stands there twice is a mistake, and comes once."""
        places: dict[str, Place] = {}
        for item in self.items(node, f"the list of {what.removeprefix('a ')}s"):
            if (word := self.word(item, what)) is None:
                continue
            if word in places:
                self.mistake(item.place, ErrorCode.P018, f"`{clipped(word)}` is listed twice", "delete one of the two")
            places.setdefault(word, item.place)
        return tuple(places)

    def literal_fits(self, node: Node, value: object, type_: TypeName | None) -> bool:
        """Whether a literal is of the declared type and within its bounds, with a mistake if not; true if no type is
        declared."""
        if type_ is None:
            return True
        code, wrong = ErrorCode.P015, _misfit(value, type_)
        if wrong is None and isinstance(value, Decimal):
            code, wrong = ErrorCode.P036, out_of_bounds(value, type_)
        if wrong is None:
            return True
        message, hint = wrong
        self.mistake(node.place, code, message, hint)
        return False


def _names(codes: Collection[str]) -> str:
    """`English and Chinese`."""
    names = [LANGUAGE_NAMES[code] for code in codes]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def bounds_of(type_: TypeName) -> tuple[Decimal | None, Decimal | None]:
    """Between which numbers an author may write for this type: a rate from 0 to 1 unless it says otherwise, and any of
    another type; None stands for no bound."""
    low, high = (Decimal(0), Decimal(1)) if type_.word == Kind.RATE else (None, None)
    return (
        low if type_.minimum is None else type_.minimum,
        high if type_.maximum is None else type_.maximum,
    )


def out_of_bounds(number: Decimal, type_: TypeName) -> tuple[str, str] | None:
    """What is wrong with a number that is not within the bounds of its type, and what to write instead; None where it
    is."""
    if not Kind(type_.word).is_numeric:
        return None
    low, high = (number if bound is None else bound for bound in bounds_of(type_))
    wrong = beyond(number, Kind(type_.word), low, high)
    if wrong is None or type_.word != Kind.RATE:
        return wrong
    message, hint = wrong
    bound = "maximum" if number > high else "minimum"
    return message, f"{hint}; where {percent(number)} is meant, declare `{bound}: {plain(number)}`"


def _respelled(text: str, pattern: re.Pattern[str]) -> str:
    """The nearest spelling that the pattern allows (`OverLimit` gives `over-limit` as an id), or nothing."""
    joint = "-" if pattern is ID else "_"
    spelled = re.sub(r"[^a-z0-9_]+", joint, re.sub(r"(?<=[a-z])(?=[A-Z])", joint, text.strip()).lower(), flags=re.ASCII)
    spelled = spelled.strip("-_")
    return spelled if spelled.isascii() and len(spelled) <= NAME_LENGTH_MAX and pattern.fullmatch(spelled) else ""


_PLAIN_NUMBER = "write a plain number, without quotes or units"


def _misfit(value: object, type_: TypeName) -> tuple[str, str] | None:
    """What is wrong with a literal of this type, and what to write instead; None if it fits."""
    quoted = clipped(str(value).lower() if isinstance(value, bool) else str(value))
    kind = Kind(type_.word)
    if kind.is_numeric:
        if not isinstance(value, Decimal):
            meant = number_meant(value) if isinstance(value, str) else ""
            hint = f"write `{meant}`, without quotes, separators or units" if meant else _PLAIN_NUMBER
            return f"`{quoted}` is not a number, as `{kind}` must be", hint
        if kind in (Kind.INTEGER, Kind.DAYS, Kind.MONTHS) and value != value.to_integral_value():
            return f"`{quoted}` is not a whole number, as `{kind}` must be", "write it without decimals"
        return None
    if kind is Kind.YES_NO:
        return (
            None
            if isinstance(value, bool)
            else (f"`{quoted}` is neither `true` nor `false`", "write `true` or `false`")
        )
    if not isinstance(value, str):
        return f"`{quoted}` is not text, as `{kind}` must be", f'write it between quotes, `"{quoted}"`'
    if kind is Kind.DATE and day(value) is None:
        return f"`{quoted}` is not a date", "write it as YYYY-MM-DD"
    if kind is Kind.ENUM and type_.members and value not in type_.members:
        return f"`{quoted}` is not a member of this enum", did_you_mean(value, type_.members)
    return None
