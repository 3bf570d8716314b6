"""The words around decisions and explanations, in both languages. Diagnostics and refusals stay English."""

from __future__ import annotations

from engine.deciding.decision import Lack
from engine.vocabulary.text import Text

AS_OF = Text("as of", "决策日期")
POLICY_VERSION = Text("policies", "政策版本")
CONVERTED = Text(
    "amounts converted from {currency} at {rate} {own} of {date}", "金额由 {currency} 折算，汇率 {rate} {own}（{date}）"
)
CONDITIONS = Text("Conditions", "附加条件")
ACTIONS = Text("To do", "待办事项")
ACTIONS_OF_RULE = Text("; to do: {}", "；待办事项：{}")
BY = Text("by {}", "{}（含）前")
REASONS = Text("Reasons", "理由")
NO_REASONS = Text("no rule objects", "没有规则提出异议")
REMEDY = Text("what helps:", "处理建议：")
REMEDY_OF_ORDERS = Text("to pass:", "放行条件：")
MISSING_FACTS = Text("Missing", "缺少的信息")
NEEDED_BY = Text("needed {}×", "用于 {} 处")
LACKS = {
    Lack.PARAMETER: Text("(parameter without a value on this date)", "（参数在该日期无取值）"),
    Lack.VALUE: Text("(value without a result)", "（计算值无结果）"),
    Lack.RULE: Text("(rule whose condition has no result)", "（规则条件无结果）"),
}
FIGURES = Text("Figures", "关键数字")
PASSED = Text("Checks passed", "通过的检查")
BETWEEN = Text(", ", "、")
UNDETERMINED = Text("Could not be told", "无法判断")
MISSING = Text("missing:", "缺少：")
IGNORED = Text("(the policy says that it doesn't matter)", "（政策规定可忽略）")
RESULTS = Text("Results", "结果")

GIVEN = Text("Facts given", "已提供的事实")
NOT_GIVEN = Text("Facts not given", "未提供的事实")
UNREAD = Text("{0} that no policy reads", "{0} 项未被任何政策读取")
VALUES = Text("Values", "计算值")
RULES = Text("Rules", "规则")
FIRED = Text("fired", "触发")
NOT_FIRED = Text("not fired", "未触发")
HIT = Text("hit", "命中")
NOT_HIT = Text("not hit", "未命中")
UNKNOWN = Text("unknown", "无法判断")
UNKNOWN_CANT_MATTER = Text("unknown, can't change the result", "无法判断，但不影响结果")
TRUE = Text("true", "真")
FALSE = Text("false", "假")
ALWAYS = Text("always", "始终成立")
DECISIVE = Text("decides the outcome", "决定结果")
EXCEPTIONS = Text("Exceptions", "例外")
WAIVED = Text("waived", "已豁免")
WAIVED_UNTIL = Text(
    "waived by {0} until {1}, asked for by {2}, approved by {3}: {4}", "依 {0} 豁免至 {1}，申请人 {2}，批准人 {3}：{4}"
)
WAIVED_BY = Text("would count, but is waived by {0}", "本应计入，但依 {0} 豁免")
WAIVES = Text("holds and waives", "适用，豁免规则")
WAIVES_NOTHING = Text("does not hold", "不适用")
UNKNOWN_WAIVES_NOTHING = Text("unknown, so it waives nothing", "无法判断，故不豁免")
NOTHING_IGNORED = Text("ignored", "忽略")
