"""The texts of a backtest's report alone, in English and Chinese; those it shares are in `report.report_texts`.

A text with places in braces, such as `{days}`, is filled by `FigureFormatter`.
"""

from __future__ import annotations

from engine.vocabulary.text import Text

TITLE = Text("Backtest of the credit policies", "信用政策回测")
DATA = Text("Data", "数据")
ORDERS_FROM = Text("Orders from", "订单期间")
KNOWN_UNTIL = Text("Payments known until", "付款截至")
PARAMETERS_OF = Text("Parameters in force on", "参数生效日")
ORDERS_REPLAYED = Text("Orders replayed", "回放订单")
REJECTS = Text("Rejected", "剔除")
STILL_OPEN = Text("Still open, left out of lateness", "未清且不计入逾期统计")

SUMMARY = Text("What the policies do", "政策结果")
SUMMARY_TEXT = Text(
    "The policies hold {held} of the amount. Of what they hold, {precision} was paid more than {days} days late; of "
    "what they let pass, {passed}. That is {lift} times what holding the same amount at random would catch.",
    "政策冻结了 {held} 的金额。冻结部分有 {precision} 逾期超过 {days} 天付款，放行部分为 {passed}；"
    "捕获的逾期金额是随机冻结同等金额的 {lift} 倍。",
)
NOTHING_KNOWN = Text(
    "The policies hold {held} of the amount. At the end of the history none of these orders was paid or long overdue, "
    "so nobody knows yet how they turned out.",
    "政策冻结了 {held} 的金额。截至历史数据末日，这些订单均未付款且尚未长期逾期，结果未知。",
)
HOLD_NOTHING = Text(
    "The policies hold none of these orders; {passed} of the amount was paid more than {days} days late.",
    "政策未冻结任何订单；{passed} 的金额逾期超过 {days} 天付款。",
)
PASS_NOTHING = Text(
    "The policies hold all of these orders; {precision} of the amount was paid more than {days} days late.",
    "政策冻结了全部订单；{precision} 的金额逾期超过 {days} 天付款。",
)
NOTHING_LATE = Text(
    "The policies hold {held} of the amount. No order is known to have been paid more than {days} days late, so "
    "nothing can be said of how well they hold.",
    "政策冻结了 {held} 的金额。未见逾期超过 {days} 天付款的订单，无法评价冻结效果。",
)
FOUND = Text("The policies tell late payers apart", "政策能够识别拖欠客户")
NOT_FOUND = Text("The policies don't tell late payers apart better than chance", "政策识别拖欠客户的能力未显著优于随机")
MISLED = Text("The policies hold those who pay and pass those who don't", "政策冻结了按时付款的客户，却放行了拖欠客户")
HEADLINE = Text(
    "{state}: they hold {held} of the amount, in which {times} times as much came more than {days} days late as by "
    "chance ({low} to {high} in nine of ten such samples); {conditioned} passes only with conditions.",
    "{state}：冻结金额占 {held}，其中逾期超过 {days} 天的金额是随机冻结的 {times} 倍"
    "（九成同类样本在 {low} 至 {high} 倍之间）；另有 {conditioned} 须满足条件方可放行。",
)
HEADLINE_UNKNOWN = Text(
    "How well the policies tell late payers apart can't be said: {why}. They hold {held} of the amount; {conditioned} "
    "passes only with conditions.",
    "无法评价政策识别拖欠客户的能力：{why}。冻结金额占 {held}，另有 {conditioned} 须满足条件方可放行。",
)
HEADLINE_TWO = Text(
    "{second} holds {held} of the amount instead of {held_before} under {first}, with a lift of {lift} instead of "
    "{lift_before}; {conditioned} instead of {conditioned_before} passes only with conditions.",
    "{second} 冻结金额占 {held}（{first} 为 {held_before}），提升度 {lift}（{first} 为 {lift_before}）；"
    "须满足条件方可放行的占 {conditioned}（{first} 为 {conditioned_before}）。",
)
UNCERTAINTY = Text(
    "How sure is that? Of {orders} orders whose payment is known, {late} came more than {days} days late. With other "
    "customers of the same sort ({customers} are in the file) lift would lie between {low} and {high} in nine samples "
    "of ten, and the held share between {held_low} and {held_high}.",
    "可靠程度：在付款结果已知的 {orders} 张订单中，{late} 张逾期超过 {days} 天。"
    "若换成同类的其他客户（本数据含 {customers} 家），九成样本的提升度在 {low} 至 {high} 之间，"
    "冻结占比在 {held_low} 至 {held_high} 之间。",
)
UNCERTAINTY_UNKNOWN = Text(
    "How sure that is can't be said: {why} ({customers} customers; {late} of {orders} orders whose payment is known "
    "came more than {days} days late).",
    "无法估计可靠程度：{why}（客户 {customers} 家；付款结果已知的 {orders} 张订单中 {late} 张逾期超过 {days} 天）。",
)
HELD_TILE = Text("Held, of the amount", "冻结金额占比")
CONDITIONED_TILE = Text("Passes only with conditions", "有条件放行金额占比")
HELD_LATE_TILE = Text("Of what is held, late > {days} d", "冻结部分逾期>{days}天")
RECALL_TILE = Text("Of what came late > {days} d, held", "逾期>{days}天中被冻结")
LIFT_TILE = Text("Times as much as by chance", "相当于随机的倍数")
ON_TIME_TILE = Text("Held, yet paid on time", "按时付款却被冻结")
DSO_TILE = Text("DSO without the held, days", "剔除冻结后的 DSO（天）")
OVERDUE_TILE = Text("Overdue share without the held", "剔除冻结后的逾期占比")
ORDERS_NOTE = Text("{orders} orders", "{orders} 张订单")
RANGE_NOTE = Text("nine of ten samples: {low} to {high}", "九成样本：{low} 至 {high}")
NO_RANGE_NOTE = Text("how sure that is can't be said: {why}", "无法估计可靠程度：{why}")
ORDERS_RANGE_NOTE = Text(
    "{orders} orders; nine of ten samples: {low} to {high}", "{orders} 张订单；九成样本：{low} 至 {high}"
)
PASSED_NOTE = Text("of what passes: {share}", "放行部分：{share}")
AS_IT_WAS_NOTE = Text("as it was: {value}", "实际：{value}")
OF_ALL_NOTE = Text("of the whole amount", "占全部金额")
OUTCOMES = Text("Decisions and how the orders were paid", "决策与实际付款")
ORDERS = Text("Orders", "订单数")
LATE = Text("Late >\u00a0{days}\u00a0d", "逾期>{days}天")
HELD = Text("Held: hold or reject", "冻结合计（含拒绝）")
PASSED = Text("Passed: approve, with or without conditions", "放行合计（含有条件）")
OUTCOMES_LATE = Text("How much came late, by more than so many days", "逾期付款的金额与笔数")
LATE_AMOUNT = Text("Amount >\u00a0{days}\u00a0d", "金额>{days}天")
LATE_ORDERS = Text("Orders >\u00a0{days}\u00a0d", "笔数>{days}天")
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
LATER_THAN = Text("Later than", "逾期超过")
DAYS = Text("{days} days", "{days} 天")
LIFT = Text("Lift", "提升度")
PRECISION = Text("Precision", "精确率")
RECALL = Text("Recall", "召回率")
BY_COUNT = Text("{what}, by count", "{what}（按笔数）")

EFFECT = Text("Had held orders been refused or paid in advance", "若冻结订单被拒绝或改为预付")
EFFECT_TEXT = Text(
    "DSO is the average receivable divided by the sales of a day: amount × days from invoice to payment, divided by "
    "the amount. The overdue share is that part of it that fell after the due date. Nobody's behaviour is taken to "
    "change.",
    "DSO 为平均应收账款除以日均销售额，即 金额×开票至付款天数 除以 金额；"
    "逾期占比为其中到期日之后的部分。假设客户行为不变。",
)
AS_IT_WAS = Text("As it was", "实际")
REFUSED = Text("Held orders refused", "冻结订单被拒绝")
PREPAID = Text("Held orders paid in advance", "冻结订单改为预付")
SALES = Text("Sales", "销售额")
ON_TIME_REFUSED = Text("Paid on time, yet held: {amount} ({share})", "按时付款却被冻结：{amount}（{share}）")

RULES = Text("Rules", "规则")
NOT_DECIDED = Text("No rule could hold an order", "没有能冻结订单的规则")
NO_RULES = Text("No rule said anything of these orders.", "没有规则涉及这些订单。")
RULES_NOTE = Text(
    "Orders for which a rule could not be checked, because a fact was missing, are counted apart. Alone: orders that "
    "no other rule would have held.",
    "因事实缺失而无法判断的规则单独计数。单独冻结：没有其他规则会冻结的订单。",
)
SAYS = Text("Says", "结论")
NOT_CHECKED = Text("Not checked", "无法判断")
ALONE = Text("Alone", "单独冻结")
ALONE_AMOUNT = Text("Alone, amount", "单独冻结金额")
GRADES = Text("Grades", "风险等级")
QUARTERS = Text("Quarters", "季度")
HELD_SHARE = Text("Held", "冻结占比")
HELD_LATE = Text("Held: late >\u00a0{days}\u00a0d", "冻结：逾期>{days}天")
PASSED_LATE = Text("Passed: late >\u00a0{days}\u00a0d", "放行：逾期>{days}天")

COMPARISON = Text("Side by side", "对比")
HELD_AMOUNT = Text("Held, share of amount", "冻结金额占比")
CONDITIONED_AMOUNT = Text("With conditions, share of amount", "有条件放行金额占比")
LIFT_LATER = Text("Lift, later than {days} days", "提升度（逾期超{days}天）")
RECALL_LATER = Text("Recall, later than {days} days", "召回率（逾期超{days}天）")
IF = Text("{then}: {what}", "{then}：{what}")
BY_SIDE_CHART = Text("Amount by decision", "按决策的金额")
FLIPS = Text("Orders that flip", "结果改变的订单")
FLIPS_TEXT = Text("{flips} orders are decided differently.", "{flips} 张订单的决策不同。")
FROM_TO = Text("From → to", "变化")
ONLY_IN = Text("Only in {label}", "仅 {label}")
FIRST_OF = Text(
    "The {shown} largest of {count}; --json has up to {kept}.",
    "共 {count} 张，此处列示金额最大的 {shown} 张；--json 最多列 {kept} 张。",
)
UNGRADED = Text("No grade", "未定等级")
GRADE_NOT_READ = Text(
    "No policy on orders reads `{grade}`, so these orders have no grade.",
    "订单政策未使用 `{grade}`，因此这些订单没有风险等级。",
)
LARGEST = Text("The largest orders that flip", "金额最大的变化订单")
ORDER = Text("Order", "订单")
DAY = Text("Day", "日期")
DAYS_LATE = Text("Days late", "逾期天数")
OPEN = Text("Open", "未清")

ASSUMED = Text("What is assumed", "假设")
ASSUMED_TEXT = Text(
    "An invoice history knows who paid when. These facts are assumed of every order; facts in neither list are "
    "missing, as they would be for a customer of whom nobody knows them.",
    "发票历史只说明谁何时付款。以下事实对所有订单作统一假设；两个表中均未列出的事实视为缺失。",
)
FACT = Text("Fact", "事实")
BECAUSE = Text("Because", "理由")
DAY_OF_ORDER = Text("The day of the order", "订单当日")
FROM_HISTORY = Text("Worked out from the history, as each day opened", "由历史数据按当日开始时已知情况计算")
CURRENCY_NOTE = Text(
    "Amounts are in {history}; the policies' amounts are in {policies} and are compared one to one.",
    "数据金额为 {history}，政策金额为 {policies}，按 1:1 比较。",
)
