"""The sentences of a case file, in English and Chinese."""

from __future__ import annotations

from engine.vocabulary.text import Text

TITLE = Text("Case file: {case} {subject}", "案件档案：{case} {subject}")
RECORD = Text("record", "记录条目")
DECIDED = Text("decision", "决策编号")
RECORDED_AT = Text("recorded at (UTC)", "记录时间（UTC）")
DAY = Text("decided for", "决策日期")
BY = Text("asked by", "请求者")
POLICIES = Text("policy set", "政策集")
ENGINE = Text("engine", "引擎")
OUTCOME = Text("Outcome: {outcome}", "结论：{outcome}")
REASONS = Text("Reasons", "理由")
NO_REASONS = Text("No rule spoke against it.", "没有规则提出异议。")
RULE = Text("rule", "规则")
ASKS_FOR = Text("asks for", "要求结论")
REASON = Text("reason", "理由")
REMEDY = Text("what would make it pass", "放行条件")
CONDITIONS = Text("Conditions", "条件")
CONDITION = Text("condition", "条件")
VALUE = Text("value", "值")
FACTS = Text("Facts as they were sent", "收到的事实")
FACT = Text("fact", "事实")
WORKED_OUT = Text("Worked out", "计算值")
NAME = Text("name", "名称")
APPROVALS = Text("Approvals", "审批")
WHAT = Text("what", "事项")
WHO = Text("who", "人员")
WHEN = Text("when, until", "时间、期限")
POLICY_TOOK_EFFECT = Text("policy set took effect ({how}), record {seq}", "政策集生效（{how}），记录 {seq}")
WAIVED_BY = Text("exception {exception} waives {rule}: {why}", "例外 {exception} 豁免 {rule}：{why}")
ASKED_FOR = Text("asked for", "申请")
APPROVED = Text("approved", "批准")
PERSON_FACT = Text("as sent: {fact}", "收到的数据：{fact}")
POLICY_TEXT = Text("Policy text of the day", "当日政策原文")
POLICY_NOTE = Text(
    "The lines of each rule that spoke and of each exception that waived one, from the policy set that decided.",
    "各命中规则及各豁免例外在决策所用政策集中的原文。",
)
NO_TEXTS = Text(
    "No rule spoke, so no lines are shown. The policy set that decided has these files: {files}.",
    "没有规则命中，故无原文可列。决策所用政策集包含以下文件：{files}。",
)
NOT_KEPT = Text("The policy set that decided is not kept.", "决策所用政策集未留存。")
LINE = Text("line", "行")
TEXT_OF = Text("text of {file}", "{file} 原文")
PROOF = Text("Proof", "证明")
PROOF_NOTE = Text(
    "Save these lines as a file that ends in .tlog-proof; `credence journal verify FILE --key KEY` checks it without "
    "the journal. It proves the record's header, not the facts on this page: the header's `body` is a digest over "
    "salted commitments, and neither salts nor bytes are here. That the facts belong to it is proved by an export "
    "(`credence journal export`, then `credence journal verify`), or by `credence journal show`, which reads the "
    "record anew.",
    "将以下各行存为以 .tlog-proof 结尾的文件，用 `credence journal verify FILE --key KEY` 即可脱离日志核验。它证明的是"
    "记录头，而非本页所列事实：记录头中的 `body` 是对加盐承诺的摘要，本页既无盐值也无原始字节。"
    "事实是否属于该记录，由导出（`credence journal export` 后再 `credence journal verify`）"
    "或重新读取该记录的 `credence journal show` 证明。",
)
NO_PROOF = Text(
    "No checkpoint covers this record yet; make the case file again in a second.",
    "尚无检查点覆盖此记录，请稍后重新生成。",
)
