"""Compiling: policies as they are written → rule sets of exact formulas, with every mistake reported.

Runs when policies are loaded, never in a request. `compile.compile_policies` is the way in; it gives `Compiled`, which
has the `RuleSet` of a case kind for any date.

The flow, in the order of the modules:

    link           finds out who reads whom and an order of evaluation (`Linked`, made of `Unit`s)
    stretches      for each stretch, the dates between two changes of parameters: fixes the parameters, then compiles
                   units and rules (`CompiledStretch`); what reads no changed parameter is taken over
      scopes       `Names`: what each name means in each policy, filled as units are compiled
      exceptions   an exception held against the rules that it names, its conditions → `RuleException`
      rules        a rule's conditions, texts and outcome → `Rule`
      decision_tables  a decision table or a scorecard's criterion → row matches and outputs (`CompiledTable`)
        hit_policies   which row's output counts, and when an unknown row matters, as formulas
      expressions  FEEL → formulas (`ExpressionCompiler`)
        calls          built-in functions
        arithmetic     units, scales and bounds: builds each node, or refuses with `Mismatch` (words for it in `units`)
        suggestions    the name that an author probably meant
      types        the types that authors declare, and rounding where a value gets a name
    compile        puts the rule set of one case kind together
    decided_names  what decisions can name, for checking policy tests

A mistake is a `Mismatch` where a formula can't be built. Whoever knows the place turns it into a `Diagnostic`, adds it
to the report and goes on; what reads the broken part is left out without a further message (`Broken`). So an author
sees all mistakes at once, each in one place.
"""
