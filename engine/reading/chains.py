"""What an author says must ascend: `email_days < call_days <= visit_days`, parameters or outputs of one table.

Read by `read_policy`; whether the values do ascend is checked by `engine.proving.ascending`. FEEL has no such chains,
so the few signs are read here.
"""

from __future__ import annotations

import re

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import clipped
from engine.reading.document import Node, Scalar
from engine.reading.fields import NAME, FieldReader
from engine.reading.policy import Ascending, AscendingName

_SIGNS = re.compile(r"(<=|<)")
_EXAMPLE = "write names with `<` or `<=` between them, such as `email_days < call_days < visit_days`"


def read_chains(reader: FieldReader, node: Node | None) -> tuple[Ascending, ...]:
    """The entries of `ascending`; what can't be read is left out, after its mistake was noted."""
    chains = (_chain(reader, item) for item in (reader.items(node, "`ascending`") if node else ()))
    return tuple(chain for chain in chains if chain)


def _chain(reader: FieldReader, node: Node) -> Ascending | None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.text.strip():
        reader.wrong_kind(node, "what ascends", "text", _EXAMPLE)
        return None
    parts = _SIGNS.split(node.text)
    offsets = [sum(map(len, parts[:index])) for index in range(len(parts))]
    names, signs = parts[::2], parts[1::2]
    if ">" in node.text:
        reader.mistake(node.place, ErrorCode.P023, "what ascends is written from the least on", _EXAMPLE)
        return None
    if not signs:
        reader.mistake(node.place, ErrorCode.P023, f"`{clipped(node.text)}` has nothing to ascend to", _EXAMPLE)
        return None
    links: list[AscendingName] = []
    for index, name in enumerate(names):
        place = node.place_at(offsets[2 * index] + len(name) - len(name.lstrip()))
        if not NAME.fullmatch(name.strip()):
            what = f"`{clipped(name.strip())}` is not a name" if name.strip() else "a name is missing"
            reader.mistake(place, ErrorCode.P023, what, _EXAMPLE)
            return None
        links.append(AscendingName(name.strip(), place, is_strict=index > 0 and signs[index - 1] == "<"))
    return Ascending(node.place, tuple(links))
