"""RuleSet → what finds the rules that fire: generated Python, Rete networks, SQL.

A rule set is lowered when policies are loaded, and the lowered form decides cases. The three forms are made from the
same formulas and must give the same results; the tests compare them on random rule sets, and every single decision
compares two of them.

- `python/`: one generated function, which computes all values of a case and says which matches fire. Its answer counts.
- `rete/`: networks of durable_rules, which find again which matches fire: the second opinion on every decision.
- `sql/`: one query for millions of rows, and for warehouses. Imports sqlglot, which only bulk runs install.
- `conditions`: what the Python form and the Rete form agree on: which integers a network compares.

The three know nothing of each other. Flow of one decision: facts → `PythonForm.match` → values, what fires, and the
integers for the networks → `ReteForm.match` → what fires, compared by `engine.deciding.matcher`.

A match is a rule's or a table row's conjunction of conditions. It fires where all are true; it is undetermined where
none is false and one is null, because something is missing.

To add a formula node: give it a value in `engine.ruleset.interpret`, a shape in `python.pieces` or a case in
`python.source`, and a case in `sql.nodes`. The networks need none: what they can't compare is computed beforehand.
"""
