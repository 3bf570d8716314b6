"""FEEL, the expression language of the OMG's DMN 1.5 standard: the leaves of every policy.

`parse` reads an expression or a cell of unary tests into the tree of `syntax`, by the grammar in grammar.lark and the
names of several words in `names`; `build` makes the nodes, `hints` says what was probably meant by what can't be read.
`runtime` evaluates such trees by themselves.
"""
