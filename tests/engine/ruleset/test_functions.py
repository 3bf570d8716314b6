"""The table of functions is complete: document, compiler and lowerings say as much as it does."""

from __future__ import annotations

import re

import pytest

from engine.compiling.arithmetic import NULL, constant
from engine.compiling.calls import BUILDERS, compile_call
from engine.compiling.mismatch import Mismatch
from engine.lowering.python.pieces import RUNTIME
from engine.lowering.sql.nodes import WRITERS
from engine.ruleset.formula import Constant, Formula, FunctionCall
from engine.ruleset.functions import ARGUMENTS_MAX, FORMS, FUNCTIONS, FunctionRow, Takes
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import TEXT, Kind, Type
from tests.support.function_arguments import TEXTS, WITH_FORMS, argument_lists
from tests.support.paths import ROOT

LANGUAGE = (ROOT / "docs" / "policy-language.md").read_text(encoding="utf-8")
WORD = Constant(TEXT, "word", nullable=False)


def documented(heading: str) -> list[str]:
    """The signatures in the first column of the table below this heading."""
    section = LANGUAGE.split(f"### {heading}\n")[1].split("\n### ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [signature for row in rows for signature in re.findall(r"`([^`]*)`", row)]


def test_the_document_lists_the_functions_of_the_table_and_no_others() -> None:
    assert sorted(documented("Functions")) == sorted(function.signature for function in FUNCTIONS.values())


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_the_document_says_of_a_function_whether_it_runs_in_bulk(function: FunctionRow) -> None:
    [row] = [line for line in LANGUAGE.splitlines() if f"`{function.signature}`" in line]
    refused = function.forms is not None and function.forms.bulk_refusal is not None
    assert ("not in bulk" in row) == refused


def test_what_has_no_forms_is_built_of_arithmetic_and_nothing_else_is() -> None:
    """Those of lists become tests, as `in` does: a list is no formula."""
    without = {name for name, function in FUNCTIONS.items() if function.forms is None}
    assert without - {"list contains", "first working day", "last working day"} == set(BUILDERS)


def test_each_function_has_sql_in_one_place_or_is_refused_in_bulk() -> None:
    for name, forms in FORMS.items():
        places = [bool(forms.sql), name in WRITERS, forms.bulk_refusal is not None]
        assert places.count(True) == 1, name
    assert set(WRITERS) <= set(FORMS)


@pytest.mark.parametrize("function", WITH_FORMS, ids=lambda function: function.name)
def test_the_python_form_is_what_the_interpreter_computes(function: FunctionRow) -> None:
    """The two may not differ for any arguments, constant ones included."""
    forms = FORMS[function.name]
    for values in constant_arguments(function):
        marks = [f"x{index}" for index in range(len(values))]
        source = forms.python.replace("{arguments}", ", ".join(marks)).format(*marks)
        assert eval(source, dict(RUNTIME), dict(zip(marks, values, strict=True))) == forms.interpret(*values), values


@pytest.mark.parametrize("function", WITH_FORMS, ids=lambda function: function.name)
def test_the_arguments_of_the_tests_show_what_a_function_does(function: FunctionRow) -> None:
    """Its forms could not be told apart by texts that it leaves as they are: `support/function_arguments.py`."""
    interpret = FORMS[function.name].interpret
    results = [(interpret(*values), values[0]) for values in constant_arguments(function)]
    assert len({result for result, _ in results}) > 1
    assert any(result != text for result, text in results)


def constant_arguments(function: FunctionRow) -> list[list[Value]]:
    lists: list[tuple[Formula, ...]] = [
        arguments
        for text in ("word", *TEXTS)
        for arguments in argument_lists(function, Constant(TEXT, text, nullable=False))
    ]
    return [[argument.value for argument in each if isinstance(argument, Constant)] for each in lists]


@pytest.mark.parametrize("function", [row for row in WITH_FORMS if row.name in FUNCTIONS], ids=lambda row: row.name)
def test_a_call_compiles_to_one_node_of_the_row_s_type(function: FunctionRow) -> None:
    for arguments in argument_lists(function, WORD):
        forms = FORMS[function.name]
        assert compile_call(function.name, arguments) == FunctionCall(
            forms.result, function.name, arguments, nullable=False
        )


@pytest.mark.parametrize("function", [row for row in WITH_FORMS if row.name in FUNCTIONS], ids=lambda row: row.name)
def test_an_argument_that_the_row_does_not_take_is_refused(function: FunctionRow) -> None:
    good = argument_lists(function, WORD)[-1]
    for index, parameter in enumerate(function.parameters[: len(good)]):
        bad = NULL if parameter.takes is Takes.WRITTEN_NUMBER else constant(Type(Kind.INTEGER), 1)
        with pytest.raises(Mismatch):
            compile_call(function.name, (*good[:index], bad, *good[index + 1 :]))
    for count in {function.least - 1, function.most + 1}:
        with pytest.raises(Mismatch, match=f"`{function.name}` takes"):
            compile_call(function.name, (WORD,) * count)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda function: function.name)
def test_too_few_and_too_many_arguments_are_told_how_the_function_is_written(function: FunctionRow) -> None:
    counts = [function.least - 1, *([function.most + 1] if function.most < ARGUMENTS_MAX else [])]
    for count in counts:
        with pytest.raises(Mismatch) as caught:
            compile_call(function.name, [constant(Type(Kind.INTEGER), 1)] * count)
        assert caught.value.hint == f"write `{function.signature}`"
