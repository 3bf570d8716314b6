"""Rule sets as terms for a solver: what is proved about every case, or refuted by one.

    RuleSet –encode→ EncodedRuleSet –question_of→ Question –settle→ proved, a witness, or undecided

Nouns: a `Term` is a whole number or a proposition (`terms`); a rule set becomes terms with nulls as exact as in
`engine.ruleset.formula` (`encode`, with `rounding`, `calendar_terms` and `products` for what isn't linear by itself);
`free_facts` makes facts that may be any; a `Question` holds exactly where some case breaks an invariant (`questions`).

`term_values` works terms out for given facts, without a solver: by it the tests hold the encoding against the plain
evaluator, and every condition of a derived term against all small numbers. `solver` is the one module that imports z3,
`settle` asks it again and again. What it finds is a witness only once the engine has decided it (`engine.proofs`).

Start with `terms`, then `encode`.
"""
