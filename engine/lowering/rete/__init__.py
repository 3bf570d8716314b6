"""The rule set as Rete networks of durable_rules: the second opinion on every match.

A Rete network shares the conditions that rules have in common and finds all rules that fire by passing a fact through
it once. Here it is written in C, by others, and shares no code with the Python form beyond the integers that it is
given: a slip in how the generated function joins conditions would show as a disagreement.

`ReteForm` (in `rete_form`) builds the networks of a rule set from the plans of `engine.lowering.conditions` and asks
them. `ReteNetwork` (in `rete_network`) is one of them, and the only code that touches the extension; it is written
around the extension's hazards, which tests/engine/lowering/rete/test_durable_hazards.py demonstrates.
"""
