"""Words and signs of other languages between two values, in each place of a formula: said at their place, with what to
write; and a value that is missing is named by what stands before it."""

from __future__ import annotations

import pytest

from engine.feel.other_words import _AT_WORD, _SIGNS
from engine.feel.parse import FeelSyntaxError, parse_expression

WORDS = {
    "where": "`and` between conditions",
    "contains": "`contains(text, part)`",
    "does not contain": "`not(contains(text, part))`",
    "starts with": "`starts with(text, part)`",
    "begins with": "`starts with(text, part)`",
    "ends with": "`ends with(text, part)`",
    "like": "`contains(text, part)`",
    "at least": "`>=`",
    "not less than": "`>=`",
    "at most": "`<=`",
    "no more than": "`<=`",
    "greater than": "`>`",
    "exceeds": "`>`",
    "is greater than": "`>`",
    "is at most": "`<=`",
    "is one of": "`x in [A, B]`",
    "is not in": "`not(x in …)`",
    "is not": "`!=`",
    "is": "`=`",
    "less than": "`<`",
    "below": "`<`",
    "equals": "`=`",
    "does not equal": "`!=`",
    "mod": "`modulo(dividend, divisor)`",
    "times": "`*`",
    "plus": "`+`",
    "minus": "`-`",
    "unless": "`and not(…)`",
    "but": "`and`",
    "größer als": "`>`",
    "mindestens": "`>=`",
    "大于": "`>`",
    "不超过": "`<=`",
    "不等于": "`!=`",
    "包含": "`contains(text, part)`",
    "且": "`and`",
    "或者": "`or`",
}
AROUND = [
    "{}",
    "c and {}",
    "(d + 1 > 2) or ({})",
    'if {} then "e" else "f"',
    "max(g, if {} then 1 else 2)",
    "sum(h[{}].i)",
    "some j in [1, 2] satisfies j > 1 and {}",
]
ENDS = {
    "a >": "behind `>`",
    "a =": "behind `=`",
    "a in": "behind `in`, such as `[A, B]` or `[1..5]`",
    "a +": "behind `+`",
    "a and": "behind `and`, or leave `and` out",
    "a or": "behind `or`, or leave `or` out",
    "a between 1 and": "behind `and`",
    "a >= 5 and b <": "behind `<`",
    "if a then": "behind `then`, such as `then 1 else 0`",
    "if a then 1 else": "behind `else`",
    "some i in b satisfies": "behind `satisfies`, a condition on each element",
    "max(a, b *": "behind `*`",
    'contains(a, "b >" +': "behind `+`",
}


def refusal(text: str) -> FeelSyntaxError:
    with pytest.raises(FeelSyntaxError) as caught:
        parse_expression(text)
    return caught.value


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_another_language_is_said_at_its_place(word: str) -> None:
    for around in AROUND:
        text = around.format(f"a.b {word} x5")
        said = refusal(text)
        assert said.offset == text.index(f" {word} ") + 1
        assert said.message.startswith(f"`{word}` is not understood here, write {WORDS[word]}"), text


def test_such_a_word_as_a_name_is_a_name() -> None:
    """`above` may be the name of a value, and what follows a quoted word is FEEL."""
    for word in ("above", "times", "x", "where", "mod", "or2", "包含"):
        parse_expression(f'{word} > 5 and a = "{word}" or max({word}, 1) = {word}')


@pytest.mark.parametrize("sign", _SIGNS)
def test_a_sign_of_full_width_is_said_wherever_reading_stopped(sign: str) -> None:
    for text in (f"a {sign} 5", f"contains(a{sign} b)", f'a = "{sign}" and (b {sign} 5'):
        said = refusal(text)
        assert said.offset == text.rindex(sign)
        assert said.message == f"`{sign}` is not understood here, write an ASCII `{_SIGNS[sign]}`"


@pytest.mark.parametrize("text", ENDS)
def test_what_is_missing_at_the_end_is_named_by_what_stands_before_it(text: str) -> None:
    for padding in ("", "  ", "\n"):
        said = refusal(text + padding)
        assert said.message.startswith("the expression ends too early, a value is missing " + ENDS[text])
        assert said.offset == len(text)


def test_every_advice_says_what_to_write() -> None:
    assert all(advice.startswith(("write ", "leave ")) for _, advice in _AT_WORD)
    assert len(_AT_WORD) > 20
