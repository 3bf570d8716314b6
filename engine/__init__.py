"""The pure decision engine: policy text in, decisions with reasons out. No HTTP, SQL driver, clock or environment.

Where to start reading: `pipeline` composes everything. The rest in the order in which data flows, nouns in capitals:

    here        diagnostic, codes (of mistakes), vocabulary (TYPES, FACTS, case kinds), facts (binding a request's
                values); the nouns between the stages: POLICY (policy), CASE (case), FORMULA (formula), RULESET
                (ruleset), DECISION (decision)
    feel/       the expression language by itself: grammar, syntax tree, evaluator
    reading/    YAML (document, form, leaf) to policies, vocabularies and policy tests; JSON Schemas of those files
    compiling/  link (who reads whom), arithmetic and typed (units, scales, bounds), translate and translate_calls
                (FEEL to FORMULA), hit_policies, translate_table, translate_rule, translation; compile gives RULESET;
                regions and tables_checked prove overlaps, gaps and rules that never fire
    matching/   interpret (plain evaluator, the oracle), python_* (generated Python), conditions and rete_* (the
                Rete network of durable_rules); matcher compares the two on every decision
    deciding/   evaluate gives DECISION; reasons (texts), missing (the facts behind what is unknown), explain,
                run_cases (policy tests)
    sql/        the rule set as one SQL query, for millions of rows
    maps/       which column of a file is which fact
    history/    what was known on a past day, replayed under a rule set
    portfolio/  what a whole book of receivables says on a day
"""
