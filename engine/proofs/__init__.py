"""Proofs about a policy set: invariants, dead rules, and what a change does, each for every case that could exist.

    Engine –question_of→ Question –settle→ Settled –decided by the engine→ Proof

`prove` settles one invariant and shows its witness, `dead_rules` finds rules that never fire or never decide alone.
`compare` says what changed between two sets, in words, and `category` what that does to decisions. `nearest` finds what
would let one case pass, and needs no solver. The solver stands behind `engine.proving.smt.solver`; what it finds is
decided again by the engine before anybody is told, and made plain (`confirmation`). A proof takes seconds: whoever asks
for one runs it in a process with limits.
"""
