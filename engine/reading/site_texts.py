"""`languages:` and `titles:` of a site's facts.yaml: in which languages it writes, and what it calls things itself.

    languages: [de, en]
    titles:
      outcomes:
        hold: {de: Auftragssperre, en: order block}
      facts:
        order.amount: {de: Auftragswert netto}
      members:
        account.status:
          blocked: {de: gesperrt}
      words:
        "yes": {de: ja}

Only what readers see is renamed: requests, policies, decisions and files keep the names. A title may be given in some
of the site's languages; in the others the standard one stays. Part of `read_vocabulary`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.document import Node, Scalar
from engine.reading.fields import FieldReader, TextLanguages
from engine.vocabulary.case_kinds import OUTCOME_TITLES
from engine.vocabulary.languages import LANGUAGE_NAMES, LANGUAGES_MAX, OWN_LANGUAGES, language_meant
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import OWN_WORDS, Fact, Kind, ListField

_KEYS = ("outcomes", "facts", "members", "actions", "words")


def read_languages(reader: FieldReader, node: Node | None) -> tuple[str, ...]:
    """The codes under `languages:`, each once; English and Chinese for no node, and where none of them can be read."""
    codes: list[str] = []
    for item in reader.items(node, "`languages`") if node else ():
        written = item.text if isinstance(item, Scalar) else ""
        if written not in LANGUAGE_NAMES:
            meant = language_meant(written)
            hint = f"did you mean `{meant}`?" if meant else "write its code in ISO 639-1, such as `en` or `de`"
            quoted = f"`{clipped(written)}`" if written else "this"
            reader.mistake(item.place, ErrorCode.P044, f"{quoted} is not a language", hint)
        elif written in codes:
            reader.mistake(item.place, ErrorCode.P044, f"`{written}` is listed twice", "delete one of the two")
        else:
            codes.append(written)
    if node and len(codes) > LANGUAGES_MAX:
        message = f"there are more than {LANGUAGES_MAX} languages"
        reader.mistake(node.place, ErrorCode.P044, message, "list those that somebody reads: each text needs all")
    return tuple(codes) or OWN_LANGUAGES


def other_languages(languages: TextLanguages) -> tuple[Diagnostic, ...]:
    """One warning for each language that the site doesn't list and yet writes texts in, at the first of them."""
    warnings = []
    for code, places in languages.others.items():
        name, count = LANGUAGE_NAMES[code], len(places)
        texts = f"{count:,} texts are" if count > 1 else "a text is"
        message = f"{texts} in {name} too, which `languages` in facts.yaml doesn't list: nobody is shown them"
        hint = f"add `{code}` to `languages`, with which every text needs it, or take them out"
        first = min(places, key=lambda place: (place.file, place.line, place.column))
        warnings.append(Diagnostic(first, ErrorCode.W003, message, hint))
    return tuple(warnings)


class SiteTitles:
    """What a site calls things, in `titles:` of its facts.yaml; empty where it says nothing."""

    def __init__(
        self, reader: FieldReader, node: Node | None, facts: Mapping[str, Fact], actions: Collection[str]
    ) -> None:
        """`facts` and `actions`: all of them, the site's own among them. Mistakes go to `reader`."""
        self._reader = reader
        self._facts = facts
        fields = reader.fields(node, "`titles`", _KEYS) if node else None
        fields = fields or {}
        self._outcomes = dict(self._titles(fields.get("outcomes"), "outcomes", "an outcome", OUTCOME_TITLES))
        self._of_facts = dict(self._titles(fields.get("facts"), "facts", "a fact", facts))
        self._actions = dict(self._titles(fields.get("actions"), "actions", "an action", actions))
        self._words = dict(self._titles(fields.get("words"), "words", "a word of credence's own", OWN_WORDS))
        self._members = dict(self._titles_of_members(fields.get("members")))

    def outcomes(self, listed: tuple[str, ...]) -> dict[str, Text]:
        """The title of every outcome, as a site with these languages shows it."""
        return _shown(OUTCOME_TITLES, self._outcomes, listed)

    def actions(self, known: Mapping[str, Text], listed: tuple[str, ...]) -> dict[str, Text]:
        """The title of each of these actions."""
        return _shown(known, self._actions, listed)

    def words(self, listed: tuple[str, ...]) -> dict[str, Text]:
        """What stands for yes, no and the like."""
        return _shown(OWN_WORDS, self._words, listed)

    def fact(self, fact: Fact, listed: tuple[str, ...]) -> Fact:
        """The fact with the titles that readers of this site see."""
        title = fact.title.replaced_by(self._of_facts[fact.name]) if fact.name in self._of_facts else fact.title
        titles = dict(fact.type.titles)
        for member, own in self._members.get(fact.name, {}).items():
            titles[member] = titles[member].replaced_by(own) if member in titles else own
        shown = tuple((member, titles[member].among(listed)) for member in fact.type.members if member in titles)
        note = fact.note.among(listed) if fact.note else None
        records = tuple(_of_records(field, listed) for field in fact.type.fields)
        type_ = replace(fact.type, titles=shown, fields=records)
        return replace(fact, title=title.among(listed), note=note, type=type_)

    def _titles(self, node: Node | None, key: str, what: str, known: Collection[str]) -> Iterator[tuple[str, Text]]:
        """The entries of one group of titles: names that are `known`, each with its text."""
        for name, content in self._reader.entries(node, f"`{key}` of `titles`") if node else ():
            if name.text not in known:
                hint = did_you_mean(name.text, known)
                self._reader.mistake(name.place, ErrorCode.P043, f"`{clipped(name.text)}` is not {what}", hint)
            elif text := self._reader.text(content, f"the title of `{name.text}`", all_listed=False):
                yield name.text, text

    def _titles_of_members(self, node: Node | None) -> Iterator[tuple[str, dict[str, Text]]]:
        enums = {name: fact for name, fact in self._facts.items() if fact.type.kind is Kind.ENUM}
        for name, content in self._reader.entries(node, "`members` of `titles`") if node else ():
            if name.text not in enums:
                hint = did_you_mean(name.text, enums)
                message = f"`{clipped(name.text)}` is not a fact with members"
                self._reader.mistake(name.place, ErrorCode.P043, message, hint)
                continue
            members = enums[name.text].type.members
            what = f"a member of `{name.text}`"
            yield name.text, dict(self._titles(content, f"members: {name.text}", what, members))


def _of_records(field: ListField, listed: tuple[str, ...]) -> ListField:
    """A value of a list's records as a site with these languages shows it."""
    titles = tuple((member, title.among(listed)) for member, title in field.type.titles)
    title = field.title.among(listed) if field.title else None
    return replace(field, title=title, type=replace(field.type, titles=titles))


def _shown(standard: Mapping[str, Text], own: Mapping[str, Text], listed: tuple[str, ...]) -> dict[str, Text]:
    return {
        name: (title.replaced_by(own[name]) if name in own else title).among(listed) for name, title in standard.items()
    }
