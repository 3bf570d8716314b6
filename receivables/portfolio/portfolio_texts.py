"""The texts of the portfolio report alone, in English and Chinese; those it shares are in `report.report_texts`.

A text with places in braces, such as `{day}`, is filled by `PortfolioFormatter`. What figures mean at length is in
docs/portfolio.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.vocabulary.text import Text
from receivables.report import report_texts

TITLE = Text("Receivables portfolio: {name}", "应收账款组合报告：{name}")
AS_OF = Text("As of", "截止日")
FILES = Text("Files", "数据文件")
ROWS = Text("Rows", "数据行")
ROWS_TEXT = Text(
    "{rows} read = {items} invoices and credit notes + {later} issued later + {rejected} rejected",
    "读取 {rows} 行 = 发票及贷项 {items} + 截止日后开票 {later} + 剔除 {rejected}",
)
COMPLETE_FROM = Text("Books complete from", "账簿完整起始日")
CURRENCY = Text("Amounts in", "金额单位")
CONVERTED = Text("Converted", "已折算")
CONVERTED_TEXT = Text("{currency} ({items}) at {rate} of {date}", "{currency}（{items} 笔），汇率 {rate}（{date}）")
UNKNOWN = Text("unknown", "未知")

STATES: Mapping[str, Text] = {
    "normal": Text("Receivables are in good order", "应收账款状况良好"),
    "watch": Text("Receivables need watching", "应收账款需要关注"),
    "review": Text("Receivables need a review", "应收账款需要复核"),
    "alarm": Text("Receivables are in a bad state", "应收账款状况不佳"),
}
HEADLINE = Text("{state}: {why}.", "{state}：{why}。")
HEADLINE_NOT_CHECKED = Text(
    "Nothing warns, but whether receivables are in good order can't be told; missing: {names}.",
    "没有触发预警，但尚无法判断应收账款是否良好，缺少：{names}。",
)
AND_MORE = Text("{first} ({more} more warnings below)", "{first}（另有 {more} 项预警见下文）")
AND_MORE_ONE = Text("{first} (1 more warning below)", "{first}（另有 1 项预警见下文）")
DSO_KEPT = Text("DSO is {dso} days (at most {maximum})", "周转天数 {dso} 天（上限 {maximum} 天）")
OVERDUE_KEPT = Text(
    "{share} of the open invoices is overdue (watched above {maximum})", "逾期占比 {share}（关注线 {maximum}）"
)
EFFECTIVENESS_KEPT = Text("CEI is {share} (target {target})", "CEI 为 {share}（目标 {target}）")
NOTHING_TO_WARN = Text("no rule of the policy warns", "没有规则发出预警")

OVERVIEW = Text("Overview", "概览")
AMOUNTS_IN = Text("Amounts in {currency}.", "金额单位：{currency}。")
RECEIVABLES = Text("Receivables", "应收账款")
OPEN_INVOICES = Text("Open invoices", "未清发票")
OVERDUE = Text("Overdue", "逾期")
OVERDUE_ITEMS = Text("Overdue items", "逾期项")
ITEMS = Text("items: {items}", "{items} 笔")
ITEMS_OF = Text("open items: {items}; customers who owe: {customers}", "未清项 {items} 笔，欠款客户 {customers} 家")
LARGEST_SHARE = Text("Largest customer", "最大客户占比")
ALLOWANCE = Text("Loss allowance", "坏账准备")
ALLOWANCE_PART = Text("Loss allowance, where it can be worked out", "坏账准备（可判断部分）")
WATCHED_FROM = Text("watched above {value}", "关注线 {value}")
MAXIMUM = Text("maximum {value}", "上限 {value}")
TARGET = Text("target {value}", "目标 {value}")
POINTS = Text("{points} points", "{points} 个百分点")
BY_DAYS = Text("{days} days", "{days} 天")
FROM = Text("{change} from {was} in {quarter}", "{quarter}为 {was}，{change}")
FROM_BETTER = Text("{change} from {was} in {quarter}: better", "{quarter}为 {was}，{change}，好转")
FROM_WORSE = Text("{change} from {was} in {quarter}: worse", "{quarter}为 {was}，{change}，恶化")
NAMED = Text("{name} ({number})", "{name}（{number}）")
NO_ROWS = Text("The files hold no rows, so there is nothing to report.", "文件中没有数据行，无可报告内容。")
NO_ITEMS = Text(
    "No row counts on {day}, so there is nothing to report: {later} were issued later, {rejected} have faults.",
    "截至 {day} 没有可计入的数据行，无可报告内容：{later} 行为其后开票，{rejected} 行存在错误。",
)
NO_BALANCE = Text("No customer owes anything on balance.", "没有客户存在净欠款。")
NO_INVOICE_OPEN = Text("No invoice is open on this day.", "截止日无未清发票。")
NOTHING_OPEN = Text("Nothing is open on this day.", "截止日无未清项。")

WARNINGS = Text("Early warnings on the portfolio", "组合预警")
REASON = Text("Reason", "理由")
REMEDY = Text("What helps", "建议")
MISSING = Text("Missing", "缺少")
NO_WARNING = Text("No rule warns.", "没有规则发出预警。")
OUTCOME_TEXT = Text("What the policy says about this portfolio: {outcome}.", "政策对该组合的结论：{outcome}。")
NOT_CHECKED = Text(
    "Rules that could not be checked, and count as a review until they can", "无法判断的规则（在可判断之前按复核处理）"
)

AGING = Text("Aging", "账龄")
AGING_TEXT = Text(
    "Invoices open on {day} by days overdue, with the amount still open; credit notes not yet set off stand apart.",
    "{day} 未清发票按逾期天数分布，金额为未清余额；未抵扣的贷项单独列示。",
)
AGING_CHART = Text("Open invoices by days overdue", "未清发票按逾期天数")
DAYS_OVERDUE = Text("Days overdue", "逾期天数")
COUNT = Text("Items", "笔数")
CREDIT_NOTES = Text("Credit notes", "贷项")
CURRENT = Text("not overdue", "未逾期")
OVER_365 = Text("over 365", "365 以上")

TURNOVER = Text("DSO and collection", "周转天数与回款")
TURNOVER_TEXT = Text(
    "DSO = closing receivables ÷ credit sales of the quarter × {days}. Best possible DSO counts only what is not "
    "overdue; the difference is the average days delinquent. CEI is what was collected of what could be collected.",
    "应收账款周转天数（DSO）= 期末应收 ÷ 本季赊销额 × {days}。最佳 DSO 只计未逾期部分，两者之差为平均拖欠天数（ADD）。"
    "催收有效性指数（CEI）为可回收款项中已收回的比例。",
)
SALES = Text("Credit sales", "赊销额")
CLOSING = Text("Closing receivables", "期末应收")
BEST_DSO = Text("Best possible DSO, days", "最佳 DSO（天）")
DELINQUENT = Text("Average days delinquent", "平均拖欠天数")
EFFECTIVENESS = Text("CEI", "CEI")
RISE = Text("Change of DSO", "DSO 环比")
OPENING = Text("Opening receivables", "期初应收")
AMOUNTS = Text("Amounts by quarter", "各季金额")
RATIOS = Text("Ratios by quarter", "各季比率")
DAYS_OF_DSO = Text("DSO in days: not overdue, and delinquent", "DSO 构成（天）：未逾期与拖欠")
EFFECTIVENESS_OF = Text("Collection effectiveness (CEI)", "催收有效性指数（CEI）")
OVERDUE_SHARE_OF = Text("Overdue share of the open invoices", "逾期占未清发票的比例")
WATCH_LINE, ALARM_LINE = Text("watch", "关注"), Text("alarm", "警报")
MAXIMUM_LINE, TARGET_LINE = Text("maximum", "上限"), Text("target", "目标")
RISING = Text("DSO over two quarters: {reason}", "应收账款周转天数（连续两季）：{reason}")
NOT_RISING = Text("DSO over two quarters: no warning.", "应收账款周转天数（连续两季）：未触发预警。")
RISING_NOT_CHECKED = Text(
    "DSO over two quarters: it could not be checked; missing: {names}.",
    "应收账款周转天数（连续两季）：无法判断，缺少：{names}。",
)
PARTIAL = Text(
    "{quarter}: the books begin within this quarter, so what was open before isn't known and it has no ratios (give "
    "--opening where they are complete).",
    "{quarter}：账簿始于该季度之中，期初未清金额未知，不计算比率（若数据完整，请用 --opening 指定）。",
)
NO_RATIO = Text("{quarter}, {names}: {reason}.", "{quarter}，{names}：{reason}。")
ONLY_OPEN = Text(
    "The files hold open items only: – stands for DSO, best possible DSO and collection effectiveness, which need "
    "settled items too. Add these to the export, and a column `settled` to the map.",
    "文件只含未清项：周转天数、最佳周转天数和催收有效性指数须有已结清项目才能计算，故以“–”表示。"
    "请在导出文件中加入已结清项目，并在映射中加入 `settled` 列。",
)
NO_QUARTER = Text("There is no quarter to report.", "没有可供分析的季度。")

CONCENTRATION = Text("Concentration", "集中度")
CONCENTRATION_TEXT = Text(
    "Customers who owe: {count}, together {amount}; the {top} largest owe {share} of it. Herfindahl index {points} of "
    "10,000: as concentrated as with a number of {equal} equally large customers.",
    "欠款客户 {count} 家，合计 {amount}，最大的 {top} 家占 {share}。赫芬达尔指数 {points}（满值 10,000），"
    "集中程度相当于 {equal} 家等额欠款的客户。",
)
LARGEST = Text("Largest customers", "最大客户")
RANK = Text("Rank", "排名")

STRUCTURE = Text("Overdue structure", "逾期结构")
BY: Mapping[str, Text] = {
    "grade": Text("By grade", "按风险等级"),
    "country": Text("By country", "按国家"),
    "industry": Text("By industry", "按行业"),
}
BY_CHART: Mapping[str, Text] = {
    "grade": Text("Open invoices by grade", "未清发票按风险等级"),
    "country": Text("Open invoices by country", "未清发票按国家"),
    "industry": Text("Open invoices by industry", "未清发票按行业"),
}
KEY: Mapping[str, Text] = {
    "grade": report_texts.GRADE,
    "country": Text("Country", "国家"),
    "industry": Text("Industry", "行业"),
}
NOT_OVERDUE = Text("Not overdue", "未逾期")
OTHERS = Text("Others", "其他")
UNRATED = Text("unrated", "未评级")

PROVISION = Text("Loss allowance by bucket", "坏账准备（按账龄）")
PROVISION_TEXT = Text(
    "Each invoice was decided by the policy `provisions`; buckets and rates are those of its matrix. Insured and "
    "secured parts are taken off where the data name them. Credit notes need no allowance.",
    "每张发票均由 provisions 政策判定，账龄区间和损失率取自其矩阵；数据载明的保险及担保部分已扣除。贷项不计提。",
)
RATE = Text("Loss rate", "损失率")
ALLOWANCE_UNKNOWN = Text("not known", "无法判断")
ALLOWANCE_MISSING = Text(
    "The allowance of some items could not be worked out; missing: {names}.",
    "部分项目无法判断坏账准备，缺少：{names}。",
)

ACCOUNTS = Text("Early warnings on customers", "客户预警")
ACCOUNTS_TEXT = Text(
    "Customers decided by the account policies, on what the data hold: {count}; with a warning of the policies "
    "`standing` and `monitoring`: {warned}.",
    "按数据所载由客户类政策判定的客户 {count} 家，其中触发 standing 和 monitoring 政策预警的 {warned} 家。",
)
FIRST_OF = Text(
    "The {shown} most severe of {count}; --json lists all.",
    "共 {count} 家，此处列示最严重的 {shown} 家；--json 输出全部。",
)
WARNED = Text("Customers with a warning", "触发预警的客户")
FIRED_RULES = Text("Rules that fired", "触发的规则")
RULES_NOT_CHECKED = Text("Rules that could not be checked", "无法判断的规则")
ACCOUNT_COUNT = Text("Customers", "客户数")
BALANCE = Text("Balance", "余额")
COVERED = Text("Insured or secured", "承保或有担保")

DATA = Text("About the data", "数据说明")
CONTRADICTED = Text(
    "The rows of a customer differ on a fact of the account, which was left out: {names}.",
    "同一客户的各行对账户事实记载不一致，已作缺失处理：{names}。",
)
PAYMENTS = Text(
    "Past quarters know an invoice as open in full until the day it was settled; part payments count as of the "
    "report's date only. Definitions and sources: docs/portfolio.md.",
    "历史季度将发票视为结清日之前全额未清；部分付款仅在截止日计入。定义与出处见 docs/portfolio.md。",
)
