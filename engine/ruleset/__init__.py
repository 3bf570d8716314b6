"""The rule set: everything that decides one kind of case between two dates, ready to be lowered.

What `engine.compiling` gives and `engine.lowering` takes. There are no names to look up, no units to check and no
parameters any more: only formulas over scaled integers, the matches made of them, and the texts of rules.

- `formula` has the nouns: `Formula` and its nodes (`Constant`, `Variable`, `Sum`, `Compare`, `All` …). Start here.
- `functions` is the table of built-in functions: who adds one adds its row there.
- `ruleset` has the noun `RuleSet`: facts, then steps (`Match` of a table row, `Named` value, `ListResult`), then rules,
  each a `Match` with texts and an outcome. The `Match`es of exceptions are steps, and say which rules don't count.
- `interpret` computes formulas and rule sets the plain way. It is the oracle of the tests.
- `numbering` gives equal formulas one number, for lowerings that compute each once.

Example: the rule `when: order.amount > 1000` is a `Match` with one `Conjunct`, whose formula is
`Compare(yes/no, nullable, ">", Variable(money, nullable, "order.amount"), Constant(money, 100000))`: the amount counts
cents.
"""
