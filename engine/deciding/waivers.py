"""Which reasons of a case don't count, and by which exceptions. Part of `evaluator`.

An exception's match is found by both forms as every other match; what it waives follows from the rule set alone. So
`{4: (("orders.terms-longer", waiver),)}` says that where match 4 fires, the rule `orders.terms-longer` is waived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.deciding.decision import Waiver
from engine.ruleset.ruleset import RuleSet

WaiversByMatch = Mapping[int, tuple[tuple[str, Waiver], ...]]
"""By the index of an exception's match: the rules that it waives, each with what a decision then says."""


def waivers_by_match(ruleset: RuleSet, matches: Sequence[str]) -> WaiversByMatch:
    """What the exceptions of a rule set waive; `matches` are the ids of all matches, as the lowerings count them."""
    waivers = {}
    for exception in ruleset.exceptions:
        waiver = Waiver(
            exception=exception.id,
            by=exception.by,
            approved_by=exception.approved_by,
            reason=exception.reason,
            until=exception.until.isoformat(),
        )
        waivers[matches.index(exception.id)] = tuple((rule, waiver) for rule in exception.waives)
    return waivers


def waivers_by_rule(waivers: WaiversByMatch, fired: Iterable[int]) -> Mapping[str, tuple[Waiver, ...]]:
    """The rules that are waived in a case in which these matches fire, each with every exception that waives it, in the
    author's order."""
    waived: dict[str, tuple[Waiver, ...]] = {}
    for index in fired:
        for rule, waiver in waivers.get(index, ()):
            waived[rule] = (*waived.get(rule, ()), waiver)
    return waived
