"""What changed between two policy sets, in words: one member for each kind of node and what can change about it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from engine.pipeline import Engine, load
from engine.proofs.compare import compare
from engine.proofs.node_change import NodeChange, kind_in_words
from engine.proofs.policy_nodes import NODE_WORDS, NodeKind
from engine.vocabulary.languages import reader_of
from tests.support import small_invariants

FACTS = """\
currency: EUR
policies: [desk]
facts:
  account.region: {type: enum, members: [north, south, east], title: {en: Region, zh: 大区}}
...
"""
DESK = """\
policy: desk
title: {en: Desk, zh: 审核}
decides: order
parameters:
  most: {type: money, title: {en: Most, zh: 上限}, value: 1000}
  tolerance: {type: rate, title: {en: Tolerance, zh: 容差}, value: {2026-01-01: 0.05, 2026-07-01: 0.1}}
  regions: {type: list, value: [north], title: {en: Regions, zh: 大区清单}}
values:
  open:
    type: money
    title: {en: Open, zh: 未付}
    formula: if not(order.prepayment) and not(account.insolvent) then order.amount else 0
table:
  hit: first
  outputs:
    days: {type: days, title: {en: Days, zh: 天数}}
    class: {members: [a, b], title: {en: Class, zh: 类别}}
  rows:
    - {id: small, when: {order.amount: "< 100"}, then: {days: 30, class: a}}
    - {when: {account.region: north, order.amount: "< 500"}, then: {days: 20, class: a}}
    - {when: {}, then: {days: 10, class: b}}
scorecard:
  total: score
  criteria:
    size:
      title: {en: Size, zh: 规模}
      input: order.amount
      bands: {"< 100": 5, ">= 100": 1, null: 0}
rules:
  too-much:
    title: {en: Too much, zh: 过多}
    when: [open > most * (1 + tolerance), account.region in regions]
    then: hold
    reason: {en: "{open} is too much.", zh: "{open}过多。"}
    remedy: {en: Pay first., zh: 请先付款。}
    conditions: {deposit: open - most}
  long:
    when: days > 15 and score < 3 and class = "a"
    then: approve
    reason: {en: Long., zh: 长。}
...
"""
EXCEPTIONS = """\
kn:
  waives: [desk.long]
  when: account.region = "north"
  from: 2026-07-01
  until: 2026-12-31
  by: a
  approved_by: b
  reason: {en: Old customer, zh: 老客户}
...
"""
RETENTION = "order: {years: 6, required: true, ground: {en: Law, zh: 法律}}\n...\n"


@dataclass(frozen=True)
class Edit:
    """`old` becomes `new` in a file; what is said of it, in English, kinds and names before it."""

    file: str
    old: str
    new: str
    said: tuple[str, ...]
    decides: bool = True


EDITS = {
    "parameter": Edit(
        "desk", "value: 1000", "value: 2000", ("parameter desk.most: Most: EUR 1,000.00 → EUR 2,000.00",)
    ),
    "parameter-on-a-date": Edit(
        "desk", "2026-07-01: 0.1}", "2026-07-01: 0.1, 2027-01-01: 0.2}",
        ("parameter desk.tolerance: Tolerance from 2027-01-01: 10% → 20%",),
    ),
    "parameter-between-dates": Edit(
        "desk", "2026-01-01: 0.05", "2026-01-01: 0.06",
        ("parameter desk.tolerance: Tolerance from 2026-01-01 until before 2026-07-01: 5% → 6%",),
    ),
    "parameter-same-by-other-dates": Edit("desk", "2026-07-01: 0.1}", "2026-07-01: 0.1, 2027-01-01: 0.1}", ()),
    "entries-of-a-list": Edit(
        "desk", "[north], title", "[north, south], title", ("parameter desk.regions: Regions: – → south",)
    ),
    "note": Edit(
        "desk", "value: 1000}", "value: 1000, note: {en: House, zh: 内部}}",
        ("parameter desk.most: Most, note: – → House",), decides=False,
    ),
    "formula": Edit(
        "desk", "then order.amount else 0", "then order.amount else 1",
        (
            "value desk.open: Open, formula: if not(order.prepayment) and not(account.insolvent) then order.amount "
            "else 0 → if not(order.prepayment) and not(account.insolvent) then order.amount else 1",
        ),
    ),
    "formula-with-other-blanks": Edit("desk", "then order.amount else 0", "then   order.amount else 0 ", ()),
    "output-of-a-row": Edit("desk", "{days: 20", "{days: 25", ("row desk.table#2: Days: 20 → 25",)),
    "cell-of-a-row": Edit(
        "desk", 'north, order.amount: "< 500"', 'north, order.amount: "< 600"',
        ('row desk.table#2: Order value: < 500 → < 600',),
    ),
    "row-added": Edit(
        "desk", "    - {when: {}, then",
        '    - {id: big, when: {order.amount: "> 900"}, then: {days: 5, class: b}}\n    - {when: {}, then',
        ("row desk.table#big: desk.table#big: added: Order value > 900, Days 5, Class b",),
    ),
    "row-gone": Edit(
        "desk", '    - {id: small, when: {order.amount: "< 100"}, then: {days: 30, class: a}}\n', "",
        ("row desk.table#small: desk.table#small: removed: Order value < 100, Days 30, Class a",),
    ),
    "band": Edit("desk", '{"< 100": 5', '{"< 100": 7', ("band desk.size: Size, < 100: 5 → 7",)),
    "band-moved": Edit(
        "desk", '{"< 100": 5, ">= 100": 1', '{"< 90": 5, ">= 90": 1',
        ("band desk.size: Size: < 100: 5 → < 90: 5", "band desk.size: Size: >= 100: 1 → >= 90: 1"),
    ),
    "outcome": Edit(
        "desk", "then: approve\n", "then: hold\n", ("rule desk.long: outcome: approve → hold",)
    ),
    "conditions-in-another-order": Edit(
        "desk", "[open > most * (1 + tolerance), account.region in regions]",
        "[account.region in regions, open > most * (1 + tolerance)]", (),
    ),
    "reason": Edit(
        "desk", "{open} is too much.", "{open} is far too much.",
        ("rule desk.too-much: Too much, reason text: {open} is too much. → {open} is far too much.",), decides=False,
    ),
    "remedy": Edit(
        "desk", "Pay first.", "Pay.", ("rule desk.too-much: Too much, remedy text: Pay first. → Pay.",), decides=False
    ),
    "condition": Edit(
        "desk", "deposit: open - most", "deposit: open",
        ("rule desk.too-much: Too much, formula: deposit: open - most → open",)
    ),
    "rule-named-otherwise": Edit(
        "desk", "  too-much:", "  far-too-much:",
        (
            "rule desk.far-too-much: Too much: added: account.region in regions; open > most * (1 + tolerance)",
            "rule desk.too-much: Too much: removed: account.region in regions; open > most * (1 + tolerance)",
        ),
    ),
    "fact": Edit(
        "facts", "[north, south, east]", "[north, south, east, west]",
        ("fact account.region: Region, type: enum north south east → enum north south east west",),
    ),
    "site": Edit(
        "facts", "currency: EUR\n", "currency: EUR\nsite: {timezone: Europe/Berlin}\n",
        ("site site: time zone: UTC → Europe/Berlin",)
    ),
    "exception": Edit(
        "exceptions", "2026-12-31", "2027-01-31",
        ("exception exceptions.kn: Old customer, until: 2026-12-31 → 2027-01-31",),
    ),
    "retention": Edit("retention", "years: 6", "years: 8", ("retention retention.order: years: 6 → 8",), decides=False),
    "comment": Edit("desk", "rules:\n", "# says nothing\nrules:\n", ()),
}  # fmt: skip


@cache
def _engine(file: str = "", old: str = "", new: str = "") -> Engine:
    texts = {"facts": FACTS, "desk": DESK, "exceptions": EXCEPTIONS, "retention": RETENTION}
    if file:
        assert texts[file].count(old) == 1, (file, old)
        texts[file] = texts[file].replace(old, new)
    loaded = load({f"rules/{name}.yaml": text.encode() for name, text in texts.items()})
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine


def _said(change: NodeChange, language: str = "en") -> str:
    reader = reader_of(language, ("en", "zh"))
    return f"{kind_in_words(change.kind, reader)} {change.name}: {change.in_words(reader)}"


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_said_in_words(name: str) -> None:
    edit = EDITS[name]

    changes = compare(_engine(), _engine(edit.file, edit.old, edit.new))

    assert tuple(_said(change) for change in changes) == edit.said
    assert all(change.decides is edit.decides for change in changes)
    backwards = compare(_engine(edit.file, edit.old, edit.new), _engine())
    assert sorted((str(each.before), str(each.after)) for each in backwards) == sorted(
        (str(each.after), str(each.before)) for each in changes
    )


def test_both_languages_say_it() -> None:
    (change,) = compare(_engine(), _engine(*(getattr(EDITS["parameter-on-a-date"], f) for f in ("file", "old", "new"))))

    assert _said(change, "zh") == "参数 desk.tolerance: 容差自 2027-01-01: 10% → 20%"
    assert set(NODE_WORDS) == set(NodeKind)


def test_a_formula_written_otherwise_that_compiles_alike_decides_the_same() -> None:
    written = "if not(order.prepayment or account.insolvent) then order.amount else 0"
    old = "if not(order.prepayment) and not(account.insolvent) then order.amount else 0"

    (change,) = compare(_engine(), _engine("desk", f"formula: {old}", f"formula: ({old})"))
    (other,) = compare(_engine(), _engine("desk", old, written))

    assert (change.decides, change.remark and change.remark.en) == (False, "written differently, decides the same")
    assert other.decides


def test_the_order_of_rows_matters_where_the_first_one_counts() -> None:
    second = '    - {when: {account.region: north, order.amount: "< 500"}, then: {days: 20, class: a}}\n'
    first = '    - {id: small, when: {order.amount: "< 100"}, then: {days: 30, class: a}}\n'

    (change,) = compare(_engine(), _engine("desk", first + second, second + first))

    assert (_said(change), change.decides) == ("table desk.table: order of rows: small, 2, 3 → 2, small, 3", True)


def test_an_invariant_is_a_node() -> None:
    old = small_invariants.INVARIANTS
    weaker = old.replace("level: must", "level: goal", 1)
    sets = [load(small_invariants.files(invariants=text)).engine for text in (old, weaker)]
    assert sets[0] is not None and sets[1] is not None

    (change,) = compare(sets[0], sets[1])

    assert _said(change) == "invariant invariants.smaller-never-worse: Smaller is never worse, level: must → goal"
    assert not change.decides
