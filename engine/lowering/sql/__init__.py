"""The rule set as one SQL query, for millions of rows at a time and for warehouses that hold the facts.

Start with `SqlForm` (in `sql_form`): a rule set and a dialect in, queries out. Flow:

    RuleSet → alternatives (optional: precomputes what depends on one table or enum)
            → narrowing (formulas that need fewer 128-bit integers)
            → nodes (each formula as an expression) with exact_division and condition_rewrites
            → levels (columns and the sub-selects they are written in) → masks (rules as bits) → the query

Nouns: an `SqlValue` is an expression with what is known of its type and nullness; a `Levels` collects the columns; a
`Mask` holds up to 62 rules as bits of one number; a `Dialect` is what one database writes differently.

Beside the flow: `choice_chains` shortens scorecards' bands, `portability` finds what SQL can't do alike everywhere,
`readable_columns` turns integers into decimals and dates, `query_comment` explains a printed query.
"""
