"""`for: EUR` beside a parameter or an output: in which currency its amounts were chosen. Part of reading a policy.

It changes no decision. A set whose `currency:` is another one checks with a warning: 10,000 is much in euros and little
in yen.
"""

from __future__ import annotations

from engine.diagnostics.codes import ErrorCode
from engine.reading.document import Node, Scalar
from engine.reading.fields import FieldReader
from engine.reading.policy import TypeName
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.vocabulary import Kind

FOR = "for"


def read_for(reader: FieldReader, node: Node | None, type_: TypeName | None, what: str) -> str | None:
    """The currency that `for` names; None where nothing is said, and after a mistake. `what` names the parameter or
    output, whose type is `type_`."""
    if node is None:
        return None
    if type_ is None or type_.word != Kind.MONEY:
        message = f"{what} has no amounts, so it is `for` no currency"
        reader.mistake(node.place, ErrorCode.P046, message, "leave `for` out, or give it `type: money`")
        return None
    text = node.text if isinstance(node, Scalar) else ""
    if text in MINOR_UNITS:
        return text
    reader.mistake(node.place, ErrorCode.P046, *not_a_currency(text))
    return None
