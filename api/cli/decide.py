"""`credence decide`: one decision, readable by a person."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from api.cli import decision_phrases as phrases
from api.cli.case_to_decide import case_to_decide, refuse_facts
from api.cli.console import out, print_json
from api.cli.options import AnswerOptions, CaseOptions, asked_language
from engine.deciding.decision import Decision, Lack, Reason, RequestedAction
from engine.deciding.value_words import ValueWords
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.languages import Reader


def decide(*, about: CaseOptions, answer: AnswerOptions) -> None:
    """Decide one case: outcome, conditions, every reason, and what would make it pass. Nothing is recorded.

    Example:  credence decide order.json --as-of 2026-07-01

    Example:  echo '{"order": {"id": "SO-1", "amount": "900.00"}, "account": {"id": "C-7"}}' | credence decide -

    Exit code: 0 whatever the outcome, 1 the policies have mistakes, 2 the case can't be read or its facts are refused.
    """
    case = case_to_decide(about)
    try:
        decision = case.engine.decide(case.kind, case.facts, case.as_of, case.id, case.rate)
    except FactsRefused as refused:
        refuse_facts(refused.faults)
    if answer.as_json:
        print_json(decision.as_json())
    else:
        words = ValueWords(case.engine.ruleset(case.kind, case.as_of), asked_language(answer.language, case.engine))
        print_decision(out(), decision, words, with_results=True)


def outcome_style(decision: Decision, outcome: str) -> str:
    """Green for the mildest outcome, red for the cautious one and what is more severe, yellow between."""
    kind = CASE_KINDS[decision.case]
    severity = kind.severity(outcome)
    if severity == 0:
        return "bold green"
    return "bold red" if severity >= kind.severity(kind.caution) else "bold yellow"


def print_decision(console: Console, decision: Decision, words: ValueWords, *, with_results: bool) -> None:
    """Prints a decision in the language of `words`: outcome, conditions, actions, reasons with the facts they rest on,
    figures, what is missing, what else could not be told, which checks were passed, and with `with_results` the values
    of the policies."""
    reader = words.reader
    outcome = words.outcome(decision.outcome)
    console.print(Text(outcome.upper(), outcome_style(decision, decision.outcome)))
    kind = CASE_KINDS[decision.case].title[reader]
    about = f"{kind} {decision.subject} · {phrases.AS_OF[reader]} {decision.as_of}"
    console.print(Text(f"{about} · {phrases.POLICY_VERSION[reader]} {decision.policy_version[:12]}", "dim"))
    if decision.rate:
        rate = {**decision.rate.as_json(), "own": decision.currency}
        console.print(Text(phrases.CONVERTED[reader].format_map(rate), "dim"))
    if decision.conditions:
        _heading(console, phrases.CONDITIONS[reader])
        rows = [
            (words.condition_title(name), words.condition(name, value)) for name, value in decision.conditions.items()
        ]
        _columns(console, rows)
    if decision.actions:
        _heading(console, phrases.ACTIONS[reader])
        _columns(console, [(*action_cells(each, words), each.rule) for each in decision.actions])
    _heading(console, phrases.REASONS[reader])
    for number, reason in enumerate(decision.shown_reasons, 1):
        _print_reason(console, decision, number, reason, words)
    if not decision.reasons:
        console.print(Text(f"  {phrases.NO_REASONS[reader]}"))
    if decision.figures:
        _heading(console, phrases.FIGURES[reader])
        _columns(console, [(each.title[reader], words.variable(each.name, each.value)) for each in decision.figures])
    _print_missing(console, decision, words)
    _print_undetermined(console, decision, reader)
    if decision.passed and not decision.missing:
        titles = [rule.title[reader] if rule.title else rule.rule for rule in decision.passed]
        _heading(console, phrases.PASSED[reader])
        console.print(Text(f"  {phrases.BETWEEN[reader].join(titles)}"))
    if with_results:
        _print_results(console, decision, words)


def action_cells(action: RequestedAction, words: ValueWords) -> tuple[str, str, str]:
    """What is to be done, by when and about how much; empty where the action doesn't say."""
    by = phrases.BY[words.reader].format(words.date(action.by)) if action.by else ""
    return words.action_title(action.action), by, words.amount(action.amount) if action.amount else ""


def _print_reason(console: Console, decision: Decision, number: int, reason: Reason, words: ValueWords) -> None:
    """One reason, numbered, on one line: what it asks for, why, which facts are missing, and which rule says so where.
    Below it the remedy, and the facts that the rule rests on by their titles. Where it stands for several rules, these
    are named instead: what they lack is listed further down.
    """
    outcome = words.outcome(reason.outcome)
    style = "dim" if reason.waived else outcome_style(decision, reason.outcome)
    outcome += f" ({phrases.WAIVED[words.reader]})" if reason.waived else ""
    missing = f"  {phrases.MISSING[words.reader]} {', '.join(reason.missing)}" if reason.missing else ""
    by = f"  {', '.join(reason.rules)}" if reason.rules else f"{missing}  {reason.rule}  {reason.place}"
    source = (by, "dim")
    console.print(Text.assemble(f"  {number}. ", (outcome, style), f"  {reason.text[words.reader]}", source))
    for each in reason.waived:
        why = each.reason[words.reader]
        said = phrases.WAIVED_UNTIL[words.reader].format(each.exception, each.until, each.by, each.approved_by, why)
        console.print(Text(f"     {said}"))
    if reason.remedy and not reason.waived:
        label = phrases.REMEDY_OF_ORDERS if decision.case == "order" else phrases.REMEDY
        remedy = (f"     {label[words.reader]} ", "bold"), reason.remedy[words.reader]
        console.print(Text.assemble(*remedy))
    if not reason.missing:
        rows = [(words.title(name), words.variable(name, value)) for name, value in reason.facts]
        _columns(console, rows, indent=7, style="dim")


def _print_missing(console: Console, decision: Decision, words: ValueWords) -> None:
    """Each missing fact once, with what it is counted in and how many rules and tables wait for it."""
    if not decision.missing:
        return
    reader = words.reader
    _heading(console, phrases.MISSING_FACTS[reader])
    rows = []
    for item in decision.missing:
        title = item.title[reader] if item.title else ""
        measured = item.unit or item.type or ""
        waiting = phrases.NEEDED_BY[reader].format(len(item.needed_by))
        rows.append(
            (item.name, title, measured if item.lack is Lack.FACT else phrases.LACKS[item.lack][reader], waiting)
        )
    _columns(console, rows)


def _print_undetermined(console: Console, decision: Decision, reader: Reader) -> None:
    """What could not be worked out and is no reason: tables, and rules that the policy lets pass then."""
    reasons = {reason.rule for reason in decision.reasons}
    others = [item for item in decision.undetermined if item.id not in reasons]
    if not others:
        return
    _heading(console, phrases.UNDETERMINED[reader])
    for item in others:
        ignored = f" {phrases.IGNORED[reader]}" if item.ignored else ""
        console.print(Text(f"  {item.id}  {phrases.MISSING[reader]} {', '.join(item.missing)}{ignored}"))


def _print_results(console: Console, decision: Decision, words: ValueWords) -> None:
    """What the policies worked out, `policy.name` and value; nulls and empty lists are left out."""
    pairs = [
        (f"{policy}.{name}", words.variable(f"{policy}.{name}", value))
        for policy, values in decision.results.items()
        for name, value in values.items()
        if value is not None and value != []
    ]
    if pairs:
        _heading(console, phrases.RESULTS[words.reader])
        _columns(console, pairs, style="dim")


def _heading(console: Console, text: str) -> None:
    """A line in bold, after an empty one."""
    console.print()
    console.print(Text(text, "bold"))


def _columns(console: Console, rows: Sequence[tuple[str, ...]], indent: int = 2, style: str = "") -> None:
    """Each column as wide as its widest cell; Chinese characters are two cells wide."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True)]
        console.print(Text(f"{' ' * indent}{'  '.join(cells).rstrip()}", style))
