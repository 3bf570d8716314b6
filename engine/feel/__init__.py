"""FEEL, the expression language of the OMG's DMN 1.5 standard (chapter 10.3): the leaves of every policy.

A leaf is an expression, such as the condition of a rule, or a cell of unary tests in a decision table, such as
`[8..15], > 30`. The flow is

    text  -parse->  Node (a tree of `syntax`)  -engine.compiling->  Formula
                                               -runtime->           a value

`syntax`   the nouns: one frozen class for each construct of the language, each with the characters it was read from.
`parse`    the verb: `parse_expression` and `parse_unary_tests`. Start there. It masks names of several words, so that
           the grammar sees one token, hands the text to lark, and turns lark's errors into messages for authors.
`grammar.lark`  the grammar, LALR(1), with the numbers of the standard's rules beside its own.
`build`    called by lark for each production: makes the nodes, and settles what the grammar leaves open.
`hints`    what was probably meant by text that is Excel, SQL or German rather than FEEL.
`names`    the names of several words that FEEL itself knows, such as `string length`.
`runtime`  evaluates trees directly, with FEEL's own logic of null. Decisions don't use it: policies are compiled.
           It shows how far credence conforms to the standard, and serves as an oracle for the compiler.

Nothing here knows facts, types or policies. A name is a name; `engine.compiling` finds out what it stands for.
"""
