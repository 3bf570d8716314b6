"""A rule set and a case's facts → a decision with every reason. The only part of the engine that a request runs.

    facts –Binder.bind→ values –Matcher.match→ MatchResult –Evaluator.decide→ Decision

    Decision, Reason    the answer, as data that is recorded and returned unchanged (decision)
    Undetermined        a rule or table that could not be worked out
    MissingInput        a fact that is missing, once for all that wait for it (missing_list)
    PassedRule, Figure  what was checked without objection, and the values that a policy shows

    answer_text         the answer's bytes, and where its reasons and results stand in them
    evaluator           puts the parts together: the most severe outcome, and why
    matcher             finds which rules fire twice, by generated Python and by a Rete network, and compares the two
    waivers             which reasons don't count, and by which exceptions
    missing             follows what is unknown back to the facts that are missing behind it
    reasons             a rule's texts, filled with the case's numbers, in both languages
    value_words         values as a reader sees them: `EUR 12,500.00`, `5%`, `yes`

How the outcome follows: each rule that fires asks for one outcome of the case kind's ladder. So does each rule that
can't be worked out, unless its author wrote `if_missing: ignore`. A rule that an exception waives asks for nothing. The
most severe outcome asked for is the decision's; the mildest one if nothing asks. Where the two matchers disagree, or no
rule could stop such a case, the kind's `caution` is asked for as well. So whatever goes wrong, it never passes a case.

Start with `evaluator`. An `Evaluator` prepares everything that doesn't depend on the facts; `decide` is the hot path.
"""
