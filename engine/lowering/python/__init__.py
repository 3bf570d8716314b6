"""The rule set as generated Python: the lowering that gives the values, and one of the two that match.

`PythonForm` (in `python_form`) turns a rule set into the source of one function and compiles it. Example, of two facts
`f0` and `f1`, of which the second may be missing, the value `p.x = f0 + f1` and a rule that fires where `p.x > 5`:

    def match(facts, as_of):
        (f0, f1,) = facts
        fired = []
        undetermined = []
        fire = fired.append
        doubt = undetermined.append
        t0 = (None if f1 is None else (f0 + f1))
        if (t0 is None or (t0 > 5)):
            if t0 is None: doubt(0)
            else: fire(0)
        return PythonMatches([f0, f1, as_of, t0], fired, undetermined, ((-201 if t0 is None else t0, ), ))

The last tuple is what the networks compare: one tuple for each network.

Nouns: a `Piece` is source for one formula with the names that must be known for it to hold (`pieces`). Flow: formulas →
pieces, in the order of the steps → statements (`source`) → the function (`python_form`). `exact` holds the arithmetic
that the source calls. Print `PythonForm(ruleset).source` to read a rule set's function.
"""
