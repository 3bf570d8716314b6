"""The texts that several reports use, in English and Chinese. Places in braces are filled by `FigureFormatter`."""

from __future__ import annotations

from engine.vocabulary.text import Text

NONE = Text("–", "–")
"""Stands for a figure that can't be worked out."""
WHY_NONE = Text("–: {reasons}.", "–：{reasons}。")
ALL = Text("All", "合计")
FIGURE, VALUE = Text("Figure", "指标"), Text("Value", "数值")
CHANGE, NOTE = Text("Against the quarter before", "较上季度"), Text("Note", "备注")
AMOUNT, SHARE = Text("Amount", "金额"), Text("Share", "占比")
DISPUTED = Text("Disputed", "有争议")
CUSTOMER = Text("Customer", "客户")
GRADE = Text("Grade", "风险等级")
OUTCOME = Text("Outcome", "结论")
RULE = Text("Rule", "规则")
QUARTER = Text("Quarter", "季度")
QUARTER_NAME = Text("{year} Q{number}", "{year}年{number}季度")
DSO = Text("DSO, days", "DSO（天）")
OVERDUE_SHARE = Text("Overdue share", "逾期占比")
POLICIES = Text("Policies", "政策版本")
REJECTED = Text(
    "{count} of {rows} rows have faults and are in no figure.", "{rows} 行中有 {count} 行存在错误，未计入任何指标。"
)
TITLED = Text("{title} ({id})", "{title}（{id}）")
IN_CURRENCY = Text("{title}, {currency}", "{title}（{currency}）")
