"""The pure decision engine: policy text in, decisions with reasons out. No HTTP, SQL driver, clock or environment.

Where to start reading: `pipeline` composes everything. The rest in the order in which data flows, nouns in capitals:

    shared      diagnostic, vocabulary (TYPES, FACTS, case kinds), facts (binding a request's values)
    feel/       the expression language by itself: grammar, syntax tree, evaluator
    reading     document (YAML), form, leaf; read_policy, read_rules, read_table, read_vocabulary, read_cases give
                POLICY (policy) and CASE (case); codes of mistakes in codes; JSON Schemas in schema, policy_schema
    compiling   link (who reads whom), arithmetic and typed (units, scales, bounds), translate and translate_calls
                (FEEL to FORMULA), hit_policies, translate_table, translate_rule, translation; compile gives RULESET
                (ruleset); regions and tables_checked prove overlaps, gaps and rules that never fire
    matching    interpret (plain evaluator, the oracle), python_* (generated Python), conditions and rete_* (the
                Rete network of durable_rules); matching compares the two on every decision
    deciding    evaluate gives DECISION (decision); reasons (texts), missing (the facts behind what is unknown),
                explain, run_cases (policy tests)
    bulk        sql_* (the rule set as SQL: third lowering)
    files       row_map, read_row_map, map_rows (columns to facts)
    portfolios  history, read_history*, replay, backtest*; portfolio*
"""
