"""The words of a backtest's report, in both languages."""

from __future__ import annotations

from engine.vocabulary import Text

TITLE = Text("Backtest of the credit policies", "信用政策回测")
DATA = Text("Data", "数据")
ORDERS_FROM = Text("Orders from", "订单期间")
KNOWN_UNTIL = Text("Payments known until", "付款截至")
POLICIES = Text("Policies", "政策")
PARAMETERS_OF = Text("Parameters in force on", "参数生效日")
ORDERS_REPLAYED = Text("Orders replayed", "回放订单")
STILL_OPEN = Text("Still open, left out of lateness", "未清且不计入逾期统计")
REJECTED = Text("Rows that could not be read", "无法读取的行")

SUMMARY = Text("What the policies do", "政策结果")
SUMMARY_TEXT = Text(
    "The policies hold {held} of the amount. Of what they hold, {precision} was paid more than {days} days late; of "
    "what they let pass, {passed}. That is {lift} times what holding the same amount at random would catch.",
    "政策冻结了 {held} 的金额。冻结部分有 {precision} 逾期超过 {days} 天付款，放行部分为 {passed}；"
    "捕获的逾期金额是随机冻结同等金额的 {lift} 倍。",
)
OUTCOMES = Text("Decisions and how the orders were paid", "决策与实际付款")
OUTCOME = Text("decision", "决策")
ORDERS = Text("orders", "订单数")
SHARE = Text("share", "占比")
AMOUNT = Text("amount", "金额")
LATE = Text("late > {days} d", "逾期>{days}天")
DISPUTED = Text("disputed", "有争议")
HELD = Text("held: hold or reject", "冻结合计（含拒绝）")
PASSED = Text("passed: approve, with or without conditions", "放行合计（含有条件）")
ALL = Text("all", "合计")
LATE_NOTE = Text(
    "Lateness and disputes are shares of the amount; held includes rejected orders.",
    "逾期与争议均为金额占比；冻结含拒绝的订单。",
)
BY_QUARTER_CHART = Text("Amount by decision and quarter", "各季度按决策的金额")
LATENESS_CHART = Text("Share of the amount paid late", "逾期付款金额占比")
LATE_QUARTERS_CHART = Text(
    "Share of the amount paid more than {days} days late, by quarter", "各季度逾期超{days}天付款金额占比"
)

ACCURACY = Text("Holding as a forecast of lateness", "冻结对逾期的预测能力")
ACCURACY_TEXT = Text(
    "Lift: late amount held, against holding the same amount at random. Precision: share of what was held that came "
    "late. Recall: share of what came late that was held.",
    "提升度：冻结的逾期金额与随机冻结同等金额之比。精确率：冻结部分中逾期的占比。召回率：逾期部分中被冻结的占比。",
)
LATER_THAN = Text("later than", "逾期超过")
DAYS = Text("{days} days", "{days} 天")
LIFT = Text("lift", "提升度")
PRECISION = Text("precision", "精确率")
RECALL = Text("recall", "召回率")
BY_COUNT = Text("{what}, by count", "{what}（按笔数）")

EFFECT = Text("Had held orders been refused or paid in advance", "若冻结订单被拒绝或改为预付")
EFFECT_TEXT = Text(
    "DSO is the average receivable divided by the sales of a day: amount × days from invoice to payment, divided by "
    "the amount. The overdue share is that part of it that fell after the due date. Nobody's behaviour is taken to "
    "change.",
    "DSO 为平均应收账款除以日均销售额，即 金额×开票至付款天数 除以 金额；"
    "逾期占比为其中到期日之后的部分。假设客户行为不变。",
)
AS_IT_WAS = Text("as it was", "实际")
REFUSED = Text("held orders refused", "冻结订单被拒绝")
PREPAID = Text("held orders paid in advance", "冻结订单改为预付")
DSO = Text("DSO, days", "DSO（天）")
OVERDUE_SHARE = Text("overdue share", "逾期占比")
SALES = Text("sales", "销售额")
ON_TIME_REFUSED = Text("paid on time, yet held", "按时付款却被冻结")

RULES = Text("Rules", "规则")
RULES_NOTE = Text(
    "A rule that could not be told (a fact was missing) is counted apart. Alone: orders that no other rule would have "
    "held.",
    "因事实缺失而无法判断的规则单独计数。单独冻结：没有其他规则会冻结的订单。",
)
RULE = Text("rule", "规则")
SAYS = Text("says", "结论")
UNTOLD = Text("untold", "无法判断")
ALONE = Text("alone", "单独冻结")
ALONE_AMOUNT = Text("alone, amount", "单独冻结金额")
GRADES = Text("Grades", "风险等级")
GRADE = Text("grade", "等级")
QUARTERS = Text("Quarters", "季度")
QUARTER = Text("quarter", "季度")
HELD_SHARE = Text("held", "冻结占比")
HELD_LATE = Text("held: late > {days} d", "冻结：逾期>{days}天")
PASSED_LATE = Text("passed: late > {days} d", "放行：逾期>{days}天")

COMPARISON = Text("Side by side", "对比")
FIGURE = Text("figure", "指标")
HELD_AMOUNT = Text("held, share of amount", "冻结金额占比")
CONDITIONED_AMOUNT = Text("with conditions, share of amount", "有条件放行金额占比")
LIFT_LATER = Text("lift, later than {days} days", "提升度（逾期超{days}天）")
RECALL_LATER = Text("recall, later than {days} days", "召回率（逾期超{days}天）")
FLIPS = Text("Orders that flip", "结果改变的订单")
FLIPS_TEXT = Text("{flips} orders are decided differently.", "{flips} 张订单的决策不同。")
FROM_TO = Text("from → to", "变化")
ONLY_IN = Text("only in {label}", "仅 {label}")
LARGEST = Text("The largest orders that flip", "金额最大的变化订单")
ORDER = Text("order", "订单")
CUSTOMER = Text("customer", "客户")
DAY = Text("day", "日期")
DAYS_LATE = Text("days late", "逾期天数")
OPEN = Text("open", "未清")

ASSUMED = Text("What is assumed", "假设")
ASSUMED_TEXT = Text(
    "An invoice history knows who paid when. These facts are assumed of every order; facts in neither list are "
    "missing, as they would be for a customer of whom nobody knows them.",
    "发票历史只说明谁何时付款。以下事实对所有订单作统一假设；两个表中均未列出的事实视为缺失。",
)
FACT = Text("fact", "事实")
VALUE = Text("value", "取值")
BECAUSE = Text("because", "理由")
DAY_OF_ORDER = Text("the day of the order", "订单当日")
TOLD = Text("Worked out from the history, as each day opened", "由历史数据按当日开始时已知情况计算")
CURRENCY_NOTE = Text(
    "Amounts are in {history}; the policies' amounts are in {policies} and are compared one to one.",
    "数据金额为 {history}，政策金额为 {policies}，按 1:1 比较。",
)
