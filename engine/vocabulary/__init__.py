"""What policies and requests can speak about: facts with their types, case kinds with their outcomes; and binding.

Second layer of the engine: everything that reads, compiles or decides imports these nouns.

    Text          a text in both languages (text)
    CaseKind      a kind of case: its groups of facts, its ladder of outcomes, whom its policies may read (case_kinds)
    actions       what rules may ask people to do, beside an outcome
    Kind, Type    what a fact or a formula holds: money with 2 decimals, days between 0 and 3650, one of five words
    Fact          one typed input, such as `order.amount`
    Vocabulary    all facts by name, and the currency of a policy set
    Value         a bound value: a scaled integer, a day number, a text, yes or no, or null (binding)

    binding       a request's facts → values, or every fault in them; and values → JSON
    strict_json   a request's text → what it stands for, or a refusal of what could be read in two ways
    days          dates as whole numbers
    decimals      exact numbers as decimal text
    invisible     the characters that policies, maps and facts refuse, because nobody sees them

Three files of data are part of it: facts.yaml, the standard facts, and actions.yaml, which a site's own facts.yaml adds
to; and case_kinds.yaml. They are read by code here and in `engine.reading`; adding a fact, an action or a case kind
changes only them.

Numbers are exact everywhere. Money, rates and plain numbers are integers that stand for `value / 10**scale`, dates are
counts of days since 1970-01-01. So generated Python, the Rete network and SQL compute the same results, and nothing
is rounded but where a policy says so.

Start with `vocabulary`, then `binding`.
"""
