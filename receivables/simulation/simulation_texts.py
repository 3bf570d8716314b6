"""The sentences of a simulation's report, in English and Chinese. Places in braces are filled by `FigureFormatter`."""

from __future__ import annotations

from collections.abc import Mapping

from engine.vocabulary.text import Text
from receivables.simulation.simulate import SimulatedDifference

TITLE = Text("Simulation of a change of policies", "政策变更模拟")
BEFORE, AFTER = Text("Before", "变更前"), Text("After", "变更后")
CASES = Text("Cases", "案件")
COUNTED = Text("{subjects} ({decisions} decisions), {amount}", "{subjects} 件（{decisions} 次决策），{amount}")
SUBJECTS, DECISIONS = Text("Cases", "案件数"), Text("Decisions", "决策数")
ONLY_BEFORE, ONLY_AFTER = Text("Rules only before", "仅变更前的规则"), Text("Rules only after", "仅变更后的规则")
NEW_CREDIT = Text("New credit let through", "新增放行赊销")
LARGEST = Text("Largest", "金额最大者")
MISSING = Text("What is missing", "缺失内容")
MORE_ASKED = Text("More asked for", "条件增减")
NOTHING = Text(
    "Every case is decided alike, with the same conditions and reasons.", "全部案件的结果、条件和理由均不变。"
)
FIRST_ORDER = Text(
    "Each case is decided on the facts that it had: that one that passes changes what the next one finds is not "
    "followed. A case that was decided several times counts once, by its last decision.",
    "各案件按当时的事实重新决策：某一案件放行后对后续案件的影响未计入。同一案件多次决策的，按最后一次计一次。",
)
UNREADABLE = Text("Not read", "未读取")

SECTIONS: Mapping[SimulatedDifference, tuple[Text, Text]] = {
    SimulatedDifference.OUTCOME: (
        Text("Other outcome: {subjects}, {amount}", "结果改变：{subjects} 件，{amount}"),
        Text(
            "Each row is one change of outcome, by the rules that only one of the sets names.",
            "每行为一类结果变化，按仅一方列出的规则归类。",
        ),
    ),
    SimulatedDifference.CONDITIONS: (
        Text("Same outcome, other conditions: {subjects}, {amount}", "结果不变、条件改变：{subjects} 件，{amount}"),
        Text("What the customer must bring is another amount, or something else.", "要求客户提供的金额或内容不同。"),
    ),
    SimulatedDifference.REASONS: (
        Text(
            "Same outcome and conditions, other reasons: {subjects}, {amount}",
            "结果与条件不变、理由改变：{subjects} 件，{amount}",
        ),
        Text("Only the rules that are named differ.", "仅所列规则不同。"),
    ),
    SimulatedDifference.UNKNOWN: (
        Text("Can't be told: {subjects}, {amount}", "无法判断：{subjects} 件，{amount}"),
        Text(
            "One of the sets can't take the facts, or only a fact that is missing makes the difference.",
            "其中一套政策无法采用这些事实，或差异仅因事实缺失。",
        ),
    ),
}  # fmt: skip
"""By what differs: a section's title, and its paragraph."""
