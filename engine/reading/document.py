"""An author's YAML as a tree that knows where each piece of text stands: the pipeline's `read`.

PyYAML's own loading guesses (`NO` is false, `12:30` is 750), lets a repeated key win silently, follows aliases and
recurses to death on deep nesting. Here only libyaml's events are used: the tree is built without recursion, scalars
are resolved by three rules an author can remember, and what a policy never needs is refused where it stands.

The three rules, for text without quotes: `true`, `false` and `null` (or `~`, or nothing) are those; digits with or
without a sign and decimals are a number; all else is text.

Refused: aliases, anchors, tags, directives, merges, second documents, keys that are no words, repeated keys, tabs that
indent, invisible characters.

First verb of the pipeline: text → Document. What the keys mean is for the parsers that come after it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.reading.cut_values import CutPiece, end_of_key, end_of_value, number_meant
from engine.reading.yaml_syntax import BREAK, rest_of_line, syntax_mistake
from engine.vocabulary.invisible import IN_POLICIES

BYTES_MAX = 1 << 20
"""Of one file; a larger one is refused unread."""

LEVELS_MAX = 50
"""Of nesting: libyaml's time is quadratic in the depth of brackets, 100,000 take half a minute."""

DIAGNOSTICS_MAX = 100
"""Of one file: a hostile one could give one for each of its bytes."""

END_MARK = "..."
"""YAML's own sign for the end of a document, which shows that a file isn't cut off."""

_END_MARK = re.compile(r"(?:^|(?<=[\r\n]))\.\.\.(?=[ \t\r\n]|$)")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_TAG = re.compile(r"[^\s,\[\]{}]*")
_FOLD = r"(?P<fold>[ \t]*(?:\r\n?|\n)[ \t\r\n]*)"
_PIECES = {
    "'": re.compile(rf"{_FOLD}|''|."),
    '"': re.compile(rf"(?P<joined>\\(?:\r\n?|\n)[ \t\r\n]*)|{_FOLD}|\\(?:x..|u.{{4}}|U.{{8}}|.)|."),
    "": re.compile(rf"{_FOLD}|."),
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A leaf of YAML: plain or quoted text, or a block of text.

    Not `kw_only`, since a file has thousands: keywords made reading the default policies a tenth slower.
    """

    place: Place
    """Where it begins, at its quote or `|` if it has one."""
    value: str | Decimal | bool | None
    """None, a bool or a Decimal only for plain text that reads as one; otherwise the same as `text`."""
    text: str
    """What the author meant, with quotes, escapes and folded lines resolved. A number's digits as written."""
    quoted: bool
    """Whether it has quotes, or is a block of text (`|`, `>`)."""
    raw: str = field(default="", repr=False, compare=False)
    """The source; kept only where it differs from `text`, to find places in it."""

    def place_at(self, offset: int) -> Place:
        """Where character `offset` of `text` stands in the file; `len(text)` gives the place after the last one.

        Of `'it''s late'` at column 5, offset 5 is the `l`: text `it's late`, and in the file column 5 + 1 (quote) + 6.
        """
        if not self.raw:
            return Place(self.place.file, self.place.line, self.place.column + offset + self.quoted)
        block = self.raw[0] in "|>"
        at = _block_offset(self.raw, self.text, offset) if block else _flow_offset(self.raw, offset)
        starts = [match.end() for match in BREAK.finditer(self.raw, 0, at)]
        column = at - starts[-1] + 1 if starts else self.place.column + at
        return Place(self.place.file, self.place.line + len(starts), column)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list."""

    place: Place
    """Where it begins: at `[`, or at the first `-`."""
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """YAML's `key: value` entries."""

    place: Place
    """Where it begins: at `{`, or at the first key."""
    entries: tuple[tuple[Scalar, Node], ...]
    """In the file's order; keys are scalars, and no two have the same text."""

    def get(self, key: str) -> Node | None:
        """The value of a key, or None. Linear in the entries: walk `entries` of a long mapping instead."""
        return next((node for name, node in self.entries if name.text == key), None)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Document:
    """A file that has been read."""

    file: str
    """Its name, as diagnostics give it."""
    root: Mapping
    """Its entries."""


def read(text: str | bytes, file: str, *, end_mark: bool = False) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The tree of a YAML file, and everything that is wrong with it, sorted by place. Never raises.

    `file` is the name for diagnostics. A document that comes with diagnostics lacks the refused entries (repeated,
    empty, merge or list keys): it is good for finding the author's other mistakes, not for use. Any other mistake gives
    None.

    With `end_mark` the file must end with YAML's own `...`. A file that was cut off, or is still being written, can
    read like a whole one, and what it lacks then is a rule that no longer holds an order.
    """
    reading = _DocumentReader(file)
    source = reading.decoded(text)
    if source is None:
        return None, in_order(reading.diagnostics)
    root = reading.tree(source)
    if end_mark and not reading.empty:
        reading.ask_for_end_mark()
    document = Document(file, root) if isinstance(root, Mapping) and not reading.broken else None
    return document, in_order(reading.diagnostics)


def decoded(content: bytes, file: str) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """The text of a file of a policy set that isn't YAML, and what is wrong with it as text: its size, its encoding,
    invisible characters. None where it can't be decoded. Never raises."""
    reading = _DocumentReader(file)
    return reading.decoded(content), in_order(reading.diagnostics)


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end hasn't been read."""

    place: Place
    """Where it begins."""
    is_mapping: bool
    """Whether it is a mapping."""
    nodes: list[Node]
    """Its items so far; of a mapping, keys and values by turns."""
    is_flow: bool
    """Whether it is written in brackets, `{…}` or `[…]`, where a comma ends a value."""


class _DocumentReader:
    """One pass over one file: the tree as far as it is built, and the mistakes so far.

    `open` is the stack of mappings and sequences that haven't ended, so that no nesting can exhaust Python's. `starts`
    holds the index of each line's first character, from which places are counted. `broken` means that some value could
    not be read, so that there is no tree to hand on; `empty`, that there is nothing in the file.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.diagnostics: list[Diagnostic] = []
        self.broken = False  # some value could not be read, so there is no whole tree to hand on
        self.empty = False
        self.source = ""
        self.starts = [0]
        self.open: list[_Open] = []
        self.documents: list[Node] = []

    def place(self, index: int) -> Place:
        """Line and column of the character at this index, both from 1."""
        line = bisect_right(self.starts, index)
        return Place(self.file, line, index - self.starts[line - 1] + 1)

    def say(self, at: int | Place, code: ErrorCode, message: str, hint: str, *, broken: bool = True) -> None:
        """Notes a mistake. `broken` if a value could not be read, so that no tree can be handed on."""
        self.broken |= broken
        if len(self.diagnostics) > DIAGNOSTICS_MAX:
            return
        if len(self.diagnostics) == DIAGNOSTICS_MAX:
            code, message, hint = ErrorCode.Y099, "there are more mistakes from here on", "mend the ones above first"
        place = at if isinstance(at, Place) else self.place(at)
        self.diagnostics.append(Diagnostic(place, code, message, hint))

    def decoded(self, text: str | bytes) -> str | None:
        """The text, its invisible characters replaced by U+FFFD, so that places stay; None if it can't be decoded."""
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        if len(data) > BYTES_MAX:  # readers of files stop there, so that how many it has is not known
            self.say(0, ErrorCode.Y002, f"the file has more than {BYTES_MAX} bytes", "split it into several files")
            return None
        if isinstance(text, bytes):
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError as error:
                self._set_source(data[: error.start].decode("utf-8"))
                bad = f"byte 0x{data[error.start]:02X} is not UTF-8"
                self.say(len(self.source), ErrorCode.Y001, bad, "save the file in the encoding UTF-8")
                return None
        self._set_source(text)
        for match in IN_POLICIES.finditer(self.source):
            self.say(
                match.start(),
                ErrorCode.Y003,
                f"the invisible character U+{ord(match[0]):04X} is not allowed",
                "delete it",
            )
        self.source = IN_POLICIES.sub("\ufffd", self.source)  # same length, so that reading goes on with true places
        return self.source

    def _set_source(self, text: str) -> None:
        self.source = text.removeprefix("\ufeff")  # editors don't count a leading byte order mark as a column
        self.starts = [0, *(match.end() for match in BREAK.finditer(self.source))]

    def tree(self, source: str) -> Node | None:
        """The root as far as libyaml comes.

        It gives up at the first syntax error. What is open then is still checked for repeated keys and the like.
        """
        parser = yaml.CSafeLoader(source)
        try:
            while self._take(parser.get_event()):
                pass
        except yaml.YAMLError as error:
            if not _holds_nothing(source):  # an end mark with nothing to end is a syntax error to libyaml
                self.say(*syntax_mistake(error, source, self.place))
            for unfinished in self.open:
                self._entries(unfinished.nodes)
        finally:
            parser.dispose()
        root = self.documents[0] if self.documents else None
        self.empty = not self.broken and (
            root is None or (isinstance(root, Scalar) and not root.text and not root.quoted)
        )
        if self.empty:
            self.say(0, ErrorCode.Y004, "the file is empty", "write at least one `key: value`")
        elif root is not None and not isinstance(root, Mapping) and not self.broken:
            self.say(
                root.place,
                ErrorCode.Y005,
                "the file must hold `key: value` entries",
                "start with a line such as `policy: orders`",
            )
        return root

    def ask_for_end_mark(self) -> None:
        """Notes that the end mark is missing.

        `...` at the start of a line ends the document wherever it stands, in a block of text as well; whatever but a
        comment follows it has been refused by then.
        """
        if not _END_MARK.search(self.source):
            at = len(self.source.rstrip())
            message = f"the file ends without its end mark `{END_MARK}`; it may be cut off"
            hint = f"see that nothing is missing, then write `{END_MARK}` alone on the last line"
            self.say(at, ErrorCode.Y008, message, hint, broken=False)

    def _take(self, event: Any) -> bool:
        """One libyaml event; false when there is nothing more to read."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._refuse_properties(event)
            self._close(self._scalar(event))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._refuse_properties(event)
            mark = event.start_mark
            if len(self.open) == LEVELS_MAX:
                self.say(
                    mark.index, ErrorCode.Y030, f"this is nested more than {LEVELS_MAX} levels deep", "use fewer levels"
                )
                return False
            is_mapping = kind is yaml.MappingStartEvent
            place = Place(self.file, mark.line + 1, mark.column + 1)
            self.open.append(_Open(place, is_mapping, [], bool(event.flow_style)))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = self.open.pop()
            if done.is_flow:
                self._join_cut_values(done)
            mapping = Mapping(done.place, self._entries(done.nodes)) if done.is_mapping else None
            self._close(mapping or Sequence(done.place, tuple(done.nodes)))
        elif kind is yaml.AliasEvent:
            at = event.start_mark.index
            self.say(
                at,
                ErrorCode.Y020,
                f"`*{event.anchor}` is an alias",
                "write the value out, or quote text that starts with `*`",
            )
            self._close(Scalar(place=self.place(at), value=None, text=f"*{event.anchor}", quoted=False))
        elif kind is yaml.DocumentStartEvent:
            return self._document(event)
        return kind is not yaml.StreamEndEvent

    def _document(self, event: Any) -> bool:
        at = event.start_mark.index
        if event.version or event.tags:
            self.say(at, ErrorCode.Y007, f"`{rest_of_line(self.source, at)}` is a directive", "delete the line")
        if self.documents:
            self.say(
                at,
                ErrorCode.Y006,
                "a second document starts here",
                "delete the `---`, or put the rest into a file of its own",
            )
        return not self.documents

    def _close(self, node: Node) -> None:
        (self.open[-1].nodes if self.open else self.documents).append(node)

    def _scalar(self, event: Any) -> Scalar:
        mark, text, quoted = event.start_mark, event.value, bool(event.style)
        raw = self.source[mark.index : event.end_mark.index]
        same = (raw[1:-1] if quoted else raw) == text
        if quoted and not same and (unseen := IN_POLICIES.search(text)):
            self.say(
                mark.index,
                ErrorCode.Y003,
                f"this text holds the invisible character U+{ord(unseen[0]):04X}",
                "leave it out",
            )
        place = Place(self.file, mark.line + 1, mark.column + 1)
        value = text if quoted else _value(text)
        return Scalar(place, value, text, quoted, "" if same else raw)

    def _join_cut_values(self, done: _Open) -> None:
        """Notes each value, and each key of a mapping, that a comma cut into pieces, and puts it together again, so
        that reading goes on with what the author meant."""
        nodes = done.nodes
        pieces = [_piece(node) for node in nodes]
        at = 0
        while at < len(nodes):
            is_key = done.is_mapping and at % 2 == 0
            end = end_of_key(pieces, at) if is_key else end_of_value(pieces, at, is_mapping=done.is_mapping)
            first, last = nodes[at], nodes[end - 1 if is_key or not done.is_mapping or end == at + 1 else end - 2]
            if end > at + 1 and isinstance(first, Scalar):
                whole = self._joined(first, last)
                nodes[at:end], pieces[at:end] = [whole], [_piece(whole)]
            at += 1

    def _joined(self, first: Scalar, last: Node) -> Scalar:
        text = self.source[self._index(first) : self._index(last) + len(_written(last))]
        meant = " ".join(text.split())
        quote = "'" if '"' in meant else '"'
        number = number_meant(meant)
        hint = number[1] if number else f"put it between quotes: {quote}{meant}{quote}"
        message = "the comma ends the value here"
        self.say(first.place_at(len(first.text)), ErrorCode.Y014, message, hint, broken=False)
        value = number[0] if number else meant
        return Scalar(first.place, value, meant, quoted=False, raw="" if meant == text else text)

    def _index(self, node: Node) -> int:
        return self.starts[node.place.line - 1] + node.place.column - 1

    def _refuse_properties(self, event: Any) -> None:
        at = event.start_mark.index
        if event.anchor is not None:
            hint = "write each value out, or quote text that starts with `&`"
            self.say(self.source.find("&", at), ErrorCode.Y021, f"`&{event.anchor}` is an anchor", hint)
        if event.tag is not None:
            at = self.source.find("!", at)
            end = _TAG.match(self.source, at)
            tag = self.source[at : end.end() if end else at]
            self.say(at, ErrorCode.Y022, f"`{tag}` is a tag", "delete it, or quote text that starts with `!`")

    def _entries(self, nodes: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        """Pairs of a mapping without the refused ones, each of which is a mistake."""
        first: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=False):
            if not isinstance(key, Scalar) or key.raw[:1] in ("|", ">"):
                self.say(
                    key.place, ErrorCode.Y011, "a key must be a word or quoted text", "write `key: value`", broken=False
                )
            elif key.text == "<<" and not key.quoted:
                self.say(
                    key.place,
                    ErrorCode.Y013,
                    "`<<` would merge another mapping in here",
                    "write its entries out",
                    broken=False,
                )
            elif not key.text.strip():
                self.say(
                    key.place, ErrorCode.Y012, "this entry has no key", "write a name before the colon", broken=False
                )
            elif key.text in first:
                message = f"`{key.text}` is already at {first[key.text][0].place}"
                self.say(key.place, ErrorCode.Y010, message, "delete one of the two, or rename it", broken=False)
            else:
                first[key.text] = (key, value)
        return tuple(first.values())


def _piece(node: Node) -> CutPiece:
    if not isinstance(node, Scalar) or node.quoted:
        return CutPiece(None)
    return CutPiece(node.text, isinstance(node.value, Decimal))


def _written(node: Node) -> str:
    return (node.raw or node.text) if isinstance(node, Scalar) else ""


def _holds_nothing(source: str) -> bool:
    """Whether there are only end marks, comments and blank lines."""
    lines = (line.removeprefix(END_MARK) if _END_MARK.match(line) else line for line in BREAK.split(source))
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


def _value(text: str) -> str | Decimal | bool | None:
    """What plain text means: `true`, `false`, null (`null`, `~`, nothing), a number such as `-0.5`, or else itself."""
    if text in _WORDS:
        return _WORDS[text]
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _flow_offset(raw: str, offset: int) -> int:
    r"""Where character `offset` of plain or quoted text begins in its source `raw`.

    A fold of n line breaks is one space, or n-1 line breaks; an escape is one character. So in `"a\u4e2db"`, offset 2
    (the `b`) begins at 8: a quote, an `a` and six characters of escape come before it.
    """
    quote = raw[0] if raw[0] in "'\"" else ""
    end = len(raw) - len(quote)
    passed = 0
    for piece in _PIECES[quote].finditer(raw, len(quote), end):
        breaks = len(BREAK.findall(piece[0]))
        passed += {"fold": max(1, breaks - 1), "joined": breaks - 1}.get(piece.lastgroup or "", 1)
        if passed > offset:
            return piece.start()
    return end


def _block_offset(raw: str, text: str, offset: int) -> int:
    """Where character `offset` of a block of text (`|`, `>`) stands in its source `raw`.

    Lines of a block stand in its text in the same order, without their indentation. So each line of the source is
    looked for in the text, behind the one before, until one begins beyond the offset; the last that didn't holds the
    character.
    """
    at, passed, start = 0, 0, 0
    for line in BREAK.split(raw)[:-1] if raw.endswith(("\n", "\r")) else BREAK.split(raw):
        content = line.lstrip(" ")
        if start and content.strip():
            index = text.find(content, passed)
            if index < 0 or (index > offset and at):
                break
            at = start + len(line) - len(content) + min(max(offset - index, 0), len(content))
            passed = index + len(content)
        start += len(line) + (2 if raw.startswith("\r\n", start + len(line)) else 1)
    return at
