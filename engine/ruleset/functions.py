"""The table of built-in functions: one row for each function that a policy may call.

Compiling looks up here what an author may call and with which arguments; the interpreter, the generated Python and the
SQL take from here how a function is computed; the generated formulas of the tests and the table of functions in
docs/policy-language.md are held to it. There are two kinds of rows:

- A row **with** `forms`, such as `contains`, becomes a `FunctionCall` node. All forms come from the row. What it means
  is held to FEEL's own way in `engine.feel.runtime`: a function that FEEL doesn't have is written there too, and a name
  of several words stands in `engine.feel.names`.
- A row **without** `forms`, such as `abs` or `sum`, becomes arithmetic: nodes that operators become too. Its types
  follow from its arguments by the rules of `engine.compiling.arithmetic`, and `engine.compiling.calls` has a builder of
  its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import TEXT, YES_NO, Kind, Type

ARGUMENTS_MAX = 1_000
"""Arguments that a function of any number of them takes at most, so that what is nested stays within bounds."""


class Takes(Enum):
    """What may stand for a parameter."""

    TEXT = auto()
    """Text or a word of an enum, of any formula."""

    WRITTEN_NUMBER = auto()
    """A whole number that the author wrote out, known when the policy is compiled."""

    ANY = auto()
    """Anything; the builder in `engine.compiling.calls` checks it."""


def _no_refusal(_: int) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionParameter:
    """One parameter of a function."""

    name: str
    """In the document and in messages (`the start`)."""

    takes: Takes = Takes.ANY

    optional: bool = False
    """May be left out; so may all that stand behind it."""

    repeated: bool = False
    """Stands for one argument or more. Only the last parameter may."""

    refusal: Callable[[int], str] = _no_refusal
    """Of a `WRITTEN_NUMBER`: why this number won't do, empty where it will."""


@dataclass(frozen=True, slots=True)
class BulkRefusal:
    """Why a function can't run in bulk: databases compute it differently."""

    reason: str
    """Ends the sentence "this policy can't run in bulk: …"."""

    hint: str
    """What to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """How one function is computed, in each of the places that compute. The result is null exactly where an argument
    is; no form is ever given a null."""

    result: Type

    interpret: Callable[..., Value]
    """The plain evaluator's way: values in, value out."""

    python: str
    """An expression of generated Python. `{0}`, `{1}` … stand for the arguments, `{arguments}` for all of them in a
    list with commas. Names are those of `engine.lowering.python.pieces.RUNTIME`."""

    sql: str = ""
    """An expression of SQL as sqlglot reads it, with the same marks; sqlglot spells it as each database does. Empty
    where the query depends on an argument's value: then `engine.lowering.sql.nodes` has a writer of the function's
    name. Empty too where bulk refuses the function."""

    bulk_refusal: BulkRefusal | None = None
    """None where every database gives the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """A built-in function of the policy language."""

    name: str
    """As an author writes it, blanks and all (DMN 1.5, section 10.3.4)."""

    parameters: tuple[FunctionParameter, ...]

    forms: Forms | None = None
    """None: a call becomes arithmetic, see above."""

    @property
    def least(self) -> int:
        """The fewest arguments."""
        return sum(not parameter.optional for parameter in self.parameters)

    @property
    def most(self) -> int:
        return ARGUMENTS_MAX if self.parameters[-1].repeated else len(self.parameters)

    @property
    def signature(self) -> str:
        """As the document shows it: `substring(text, start, length?)`, `max(value, …)`."""
        marks = [f"{parameter.name}{'?' if parameter.optional else ''}" for parameter in self.parameters]
        if self.parameters[-1].repeated:
            marks.append("…")
        return f"{self.name}({', '.join(marks)})"


def _table(functions: Iterable[FunctionRow]) -> Mapping[str, FunctionRow]:
    return {function.name: function for function in functions}


# --- text: rows with forms -------------------------------------------------------------------------------------------


def _substring(text: str, start: int, length: int | None = None) -> str:
    """Letter by letter, so that it shares nothing with the slices of the generated Python."""
    position = start if start > 0 else len(text) + 1 + start
    end = len(text) if length is None else position - 1 + length
    return "".join(letter for index, letter in enumerate(text, 1) if 1 <= position <= index <= end)


def _bad_start(start: int) -> str:
    return "" if start else "the start counts from 1, or from -1 at the end"


def _bad_length(length: int) -> str:
    return "" if length >= 1 else "the length must be at least 1"


def _letter_case(name: str) -> BulkRefusal:
    return BulkRefusal(
        f"databases disagree about `{name}` beyond the letters A to Z", 'list the spellings: `x in ["North", "NORTH"]`'
    )


_TEXT = FunctionParameter(name="text", takes=Takes.TEXT)
_PART = FunctionParameter(name="part", takes=Takes.TEXT)
_LENGTH = Type(Kind.INTEGER, scale=0, low=0, high=1_000_000)

_OF_TEXT = (
    FunctionRow(
        name="string length",
        parameters=(_TEXT,),
        forms=Forms(result=_LENGTH, interpret=len, python="len({0})", sql="LENGTH({0})"),
    ),
    FunctionRow(
        name="upper case",
        parameters=(_TEXT,),
        forms=Forms(result=TEXT, interpret=str.upper, python="{0}.upper()", bulk_refusal=_letter_case("upper case")),
    ),
    FunctionRow(
        name="lower case",
        parameters=(_TEXT,),
        forms=Forms(result=TEXT, interpret=str.lower, python="{0}.lower()", bulk_refusal=_letter_case("lower case")),
    ),
    FunctionRow(
        name="contains",
        parameters=(_TEXT, _PART),
        forms=Forms(
            result=YES_NO,
            interpret=lambda text, part: part in text,
            python="({1} in {0})",
            sql="STRPOS({0}, {1}) > 0",
        ),
    ),
    FunctionRow(
        name="starts with",
        parameters=(_TEXT, _PART),
        forms=Forms(
            result=YES_NO,
            interpret=str.startswith,
            python="{0}.startswith({1})",
            sql="SUBSTRING({0}, 1, LENGTH({1})) = {1}",
        ),
    ),
    FunctionRow(
        name="ends with",
        parameters=(_TEXT, _PART),
        forms=Forms(
            result=YES_NO,
            interpret=str.endswith,
            python="{0}.endswith({1})",
            sql="RIGHT({0}, LENGTH({1})) = {1}",
        ),
    ),
    # a start beyond either end gives no characters; FEEL would say null, which in a policy means missing
    FunctionRow(
        name="substring",
        parameters=(
            _TEXT,
            FunctionParameter(name="start", takes=Takes.WRITTEN_NUMBER, refusal=_bad_start),
            FunctionParameter(name="length", takes=Takes.WRITTEN_NUMBER, refusal=_bad_length, optional=True),
        ),
        forms=Forms(result=TEXT, interpret=_substring, python="substring({arguments})"),
    ),
)

# --- arithmetic: rows without forms ----------------------------------------------------------------------------------

_VALUE = FunctionParameter(name="value")
_DECIMALS = FunctionParameter(name="decimals", takes=Takes.WRITTEN_NUMBER)
_DECIMALS_OR_NONE = FunctionParameter(name="decimals", takes=Takes.WRITTEN_NUMBER, optional=True)
_VALUES = FunctionParameter(name="value", repeated=True)
_CONDITIONS = FunctionParameter(name="condition", repeated=True)
_WORKING_DAY = (
    FunctionParameter(name="date"),
    FunctionParameter(name="holidays"),
    FunctionParameter(name="worked", optional=True),
)

_OF_ARITHMETIC = (
    FunctionRow(name="abs", parameters=(_VALUE,)),
    FunctionRow(name="floor", parameters=(_VALUE, _DECIMALS_OR_NONE)),
    FunctionRow(name="ceiling", parameters=(_VALUE, _DECIMALS_OR_NONE)),
    FunctionRow(name="round up", parameters=(_VALUE, _DECIMALS)),
    FunctionRow(name="round down", parameters=(_VALUE, _DECIMALS)),
    FunctionRow(name="round half up", parameters=(_VALUE, _DECIMALS)),
    FunctionRow(name="round half down", parameters=(_VALUE, _DECIMALS)),
    FunctionRow(name="decimal", parameters=(_VALUE, _DECIMALS)),
    FunctionRow(name="modulo", parameters=(FunctionParameter(name="dividend"), FunctionParameter(name="divisor"))),
    FunctionRow(name="min", parameters=(_VALUES,)),
    FunctionRow(name="max", parameters=(_VALUES,)),
    FunctionRow(name="sum", parameters=(_VALUES,)),
    FunctionRow(name="mean", parameters=(_VALUES,)),
    FunctionRow(name="count", parameters=(_VALUES,)),
    FunctionRow(name="all", parameters=(_CONDITIONS,)),
    FunctionRow(name="any", parameters=(_CONDITIONS,)),
    FunctionRow(name="not", parameters=(FunctionParameter(name="condition"),)),
    FunctionRow(name="list contains", parameters=(FunctionParameter(name="list"), FunctionParameter(name="element"))),
    FunctionRow(
        name="date",
        parameters=(
            FunctionParameter(name="text or year"),
            FunctionParameter(name="month", optional=True),
            FunctionParameter(name="day", takes=Takes.WRITTEN_NUMBER, optional=True),
        ),
    ),
    FunctionRow(name="last day of month", parameters=(FunctionParameter(name="date"),)),
    FunctionRow(name="first working day", parameters=_WORKING_DAY),
    FunctionRow(name="last working day", parameters=_WORKING_DAY),
    FunctionRow(name="duration", parameters=(FunctionParameter(name="text"),)),
)

FUNCTIONS: Mapping[str, FunctionRow] = _table((*_OF_ARITHMETIC, *_OF_TEXT))
"""Every function that an author may call, by name."""

CONCATENATION = FunctionRow(
    name="concatenation",
    parameters=(_TEXT, FunctionParameter(name="more", takes=Takes.TEXT)),
    forms=Forms(result=TEXT, interpret=lambda text, more: text + more, python="({0} + {1})", sql="{0} || {1}"),
)
"""Two texts joined. It is called by no name: an author writes the operator `+`."""

FORMS: Mapping[str, Forms] = {
    function.name: function.forms for function in (*FUNCTIONS.values(), CONCATENATION) if function.forms is not None
}
"""How each function that a `FunctionCall` may name is computed."""
