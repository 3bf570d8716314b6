"""The pure decision engine: policy text in, decisions with reasons out. No HTTP, SQL driver, clock or environment.

Where to start reading: `pipeline` composes everything. The rest in the order in which data flows, nouns in capitals:

    shared nouns   diagnostic · vocabulary (FACTS, TYPES, case kinds) · facts (binding a request's values)
    feel/          the expression language by itself: grammar, syntax tree, evaluator
    reading        document (YAML) · form · leaf · read_policy, read_rules, read_table, read_vocabulary, read_cases
                   → POLICY (policy) · CASE (case); the codes of mistakes in codes; JSON Schemas in schema, policy_schema
    compiling      link (who reads whom) · arithmetic, typed (units, scales, bounds) · translate, translate_calls (FEEL →
                   FORMULA) · hit_policies, translate_table, translate_rule · translation · compile → RULESET (ruleset);
                   regions, tables_checked prove overlaps, gaps and rules that never fire
    matching       interpret (plain evaluator, the oracle) · python_* (generated Python) · conditions, rete_* (Rete network
                   of durable_rules) · matching compares the two on every decision
    deciding       evaluate → DECISION (decision) · reasons (texts) · missing (facts behind what is unknown) · explain ·
                   run_cases (policy tests)
    bulk           sql_* (the rule set as SQL: third lowering)
    files          row_map, read_row_map, map_rows (columns → facts)
    portfolios     history, read_history*, replay, backtest* · portfolio*
"""
