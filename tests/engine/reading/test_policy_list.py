"""What shows that a policy set is all there: end marks, facts.yaml, and the list of policies held against the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.pipeline import load, load_stored
from engine.reading.document import read
from tests.support.mistakes import Mistake, assert_diagnostics, each_mistake
from tests.support.policy_files import ended, whole_set
from tests.support.small_policies import FACTS, HEAD

POLICY = HEAD + "values: {x: 1}\n"


def said(files: dict[str, bytes]) -> list[str]:
    return [str(found) for found in load(files).diagnostics]


# --- the end mark ----------------------------------------------------------------------------------------------------

MARKED = {
    "as the last line": "a: 1\n...\n",
    "without a line end": "a: 1\n...",
    "as Windows writes it": "a: 1\r\n...\r\n",
    "after a byte order mark": "\ufeffa: 1\n...\n",
    "before blank lines": "a: 1\n...\n\n \n",
    "before comments": "a: 1\n...\n# changed on Monday\n",
    "with a comment": "a: 1\n... # the end\n",
    "with spaces behind": "a: 1\n...  \n",
    "after a block of text": "a: |\n  text\n...\n",
}
UNMARKED = {
    "nothing": ("a: 1\n", ["1:5 Y008"]),
    "no line end either": ("a: 1", ["1:5 Y008"]),
    "cut inside the mark": ("a: 1\n..", ["2:1 Y040", "2:3 Y008"]),
    "a mark of one dot": ("a: 1\n.", ["2:1 Y040", "2:2 Y008"]),
    "a mark that is indented": ("a: 1\n ...\n", ["2:5 Y008"]),
    "a mark inside a block of text": ("a: |\n  text\n  ...\n", ["3:6 Y008"]),
    "a mark in a comment": ("a: 1\n# ...\n", ["2:6 Y008"]),
    "a mark with text right behind": ("a: 1\n...b\n", ["2:1 Y040", "2:5 Y008"]),
    "the mark of a beginning": ("a: 1\n---\n", ["2:1 Y006", "2:4 Y008"]),
    "an open quote": ('a: "x\n', ["1:4 Y040", "1:6 Y008"]),
    "an empty file": ("", ["1:1 Y004"]),
    "comments alone": ("# a policy\n", ["1:1 Y004"]),
    "a mark alone": ("...\n", ["1:1 Y004"]),
    "a mark below a comment": ("# a policy\n\n... # the end\n", ["1:1 Y004"]),
    "two marks": ("...\n...\n", ["1:1 Y004"]),
    "a mark above a broken text": ("...\n@\n", ["1:1 Y040"]),
}
MORE = {
    "entries": ("a: 1\n...\nb: 2\n", ["2:1 Y006"]),
    "a second document": ("a: 1\n...\n---\nb: 2\n...\n", ["3:1 Y006"]),
    "a second mark": ("a: 1\n...\n...\n", []),
    "text on the line of the mark": ("a: 1\n... b: 2\n", ["2:1 Y006"]),
}


@pytest.mark.parametrize("how", MARKED)
def test_a_file_with_its_end_mark_is_whole(how: str) -> None:
    document, found = read(MARKED[how].encode(), "p.yaml", end_mark=True)
    assert document is not None
    assert found == ()


@pytest.mark.parametrize("how", [*UNMARKED, *MORE])
def test_a_file_that_may_be_cut_off_or_goes_on_is_refused(how: str) -> None:
    text, expected = {**UNMARKED, **MORE}[how]
    found = read(text.encode(), "p.yaml", end_mark=True)[1]
    assert [f"{item.place.line}:{item.place.column} {item.code}" for item in found] == expected


def test_a_whole_file_cut_anywhere_is_refused_or_has_lost_nothing() -> None:
    """Each offset of a file with blocks of text, quotes, flow and Chinese: only line ends behind the mark may go."""
    text = "a: |\n  ...\n  b\nc: {d: 'e ... f', g: [1, 2]}\nh: \"i\n  ...j\"\nk: 订单 ...\n...\n"
    content = text.encode()
    assert not read(content, "p.yaml", end_mark=True)[1]
    for end in range(len(content) - 1):
        assert read(content[:end], "p.yaml", end_mark=True)[1], content[:end]


def test_where_the_mark_is_missing_it_says_what_to_do() -> None:
    [found] = read("a: 1\n", "p.yaml", end_mark=True)[1]
    assert str(found) == (
        "p.yaml:1:5: Y008 the file ends without its end mark `...`; it may be cut off "
        "(see that nothing is missing, then write `...` alone on the last line)"
    )


def test_policies_and_facts_must_have_it_and_what_else_is_wrong_is_said_too() -> None:
    files = whole_set({"p": POLICY + "rules: {r: {}}\n"})
    cut = {name: content.removesuffix(b"...\n") for name, content in files.items()}
    codes = [(found.place.file, found.code) for found in load(cut).diagnostics]
    assert codes == [("facts.yaml", "Y008"), *[("p.yaml", "P002")] * 3, ("p.yaml", "Y008")]


# --- facts.yaml and its list -----------------------------------------------------------------------------------------


def test_a_set_without_facts_yaml_is_told_what_to_write() -> None:
    files = {"rules/p.yaml": ended(POLICY).encode(), "rules/q.yaml": ended(POLICY.replace("p\n", "q\n", 1)).encode()}
    assert said(files) == [
        "rules/facts.yaml:1:1: P035 there is no `facts.yaml`, which says the currency and lists the policies "
        "(write one with `currency: …` and `policies: [p, q]`)"
    ]


def test_a_policy_is_listed_and_there_or_it_is_a_mistake_that_names_the_line() -> None:
    files = whole_set({"p": POLICY}, folder="rules/")
    files["rules/facts.yaml"] = b"currency: EUR\npolicies:\n  - q\n...\n"
    assert said(files) == [
        "rules/facts.yaml:3:5: N011 the policy `q` is listed here, but no file defines it "
        "(put its file back, or delete the line `- q`)",
        "rules/p.yaml:1:9: N012 the policy `p` is not listed in rules/facts.yaml "
        "(add the line `- p` under `policies:` there)",
    ]


@pytest.mark.parametrize(
    ("listed", "hint"),
    [
        ("order_limit", "did you mean `order_limits`?"),
        ("Order_limits", "did you mean `order_limits`?"),
        ("securities", "put its file back, or delete the line `- securities`"),
        ("gradings", "put its file back, or delete the line `- gradings`"),
    ],
)
def test_a_listed_name_that_is_nearly_an_unlisted_policy_is_probably_that_one(listed: str, hint: str) -> None:
    texts = {name: POLICY.replace("policy: p\n", f"policy: {name}\n") for name in ("order_limits", "grading")}
    files = whole_set(texts) | {"facts.yaml": f"currency: EUR\npolicies: [grading, {listed}]\n...\n".encode()}
    assert said(files)[0] == (
        f"facts.yaml:2:21: N011 the policy `{listed}` is listed here, but no file defines it ({hint})"
    )


@each_mistake(Path(__file__).parent / "mistakes" / "policy_lists.txt")
def test_a_list_that_is_none_lists_nothing(mistake: Mistake) -> None:
    files = whole_set({"p": POLICY}) | {"facts.yaml": mistake.text.encode()}
    assert_diagnostics(mistake, load(files).diagnostics, "facts.yaml")


def test_a_list_without_anything_behind_it_lists_nothing() -> None:
    files = whole_set({"p": POLICY}) | {"facts.yaml": b"currency: EUR\npolicies:\n...\n"}
    assert said(files) == [
        "facts.yaml:2:10: P003 the list of policies must be a list, not nothing "
        "(write `- ` before each item, or `[…]` around them)",
        "p.yaml:1:9: N012 the policy `p` is not listed in facts.yaml (add the line `- p` under `policies:` there)",
    ]


@pytest.mark.parametrize("broken", ["policy: q\nvalues: [\n", "policy: q\ntitle: Q\n", ""])
def test_a_listed_policy_whose_file_can_not_be_read_is_not_said_to_be_missing(broken: str) -> None:
    files = whole_set({"p": POLICY})
    files["facts.yaml"] = b"currency: EUR\npolicies: [p, q]\n...\n"
    files["q.yaml"] = broken.encode()
    found = said(files)
    assert found
    assert not [line for line in found if "N011" in line]


def test_a_stored_set_needs_none_of_it_and_decides_as_before() -> None:
    """As journals hold sets of before: without end marks, without facts.yaml, or one with facts alone."""
    policy = HEAD + "rules: {r: {when: account.level > 3, then: review, reason: {en: r, zh: 甲}}}\n"
    facts = FACTS.format(currency="EUR").replace("currency: EUR\n", "")
    for files in ({"p.yaml": policy.encode(), "facts.yaml": facts.encode()}, whole_set({"p": policy}, facts)):
        stored = load_stored(files)
        assert stored.engine is not None, stored.diagnostics
        assert stored.engine.vocabulary.currency == "EUR"
    assert load({"p.yaml": policy.encode(), "facts.yaml": facts.encode()}).engine is None
