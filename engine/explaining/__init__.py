"""Everything that was tried for one case: why each rule fired or didn't, with every value that was read.

A decision says why its outcome is not milder; an explanation also says what did not happen. It is made on demand, on
top of an engine: the case is decided as usual, then evaluated once more by the plain evaluator, which keeps what the
fast forms throw away, such as each sub-condition's truth.

    explain        engine + facts → Explanation
    explanation    its nouns: TriedPolicy, with its steps (WorkedOut, TriedTable) and its rules (TriedRule); each table
                   row (TriedRow) and rule holds its conditions (TriedCondition), and these the values that they read
                   (InputValue)

`credence explain` prints it and the API answers with it. Start with `explanation`.
"""
