"""What can be proved about tables and rules before they decide: overlaps, gaps, parts that never hold.

The compiler calls these checks while it translates a policy, and its author gets what they find as diagnostics with
codes `L…`. They are proofs over all values that the facts' types allow, not samples: a table that gets no `L006` has a
row for each of its values.

Nouns: a `Region` is a set of values of one variable, as integer intervals plus "missing" (`regions`). A `Box` is a
region for each column of a table: the values that hit a row (`covering`).

Flow: conditions on one variable become regions (`regions.truth`); a row's regions become its box; boxes that share a
value overlap, a box inside the union of earlier ones is never hit, and what no box holds is a gap (`covering`). Where a
condition can't be followed, such as a product of two facts, the row has no box, and nothing is claimed that it could
refute.

Start with `table_checks`: its lists at the end name every check, and a check that is added is one function and one
line. What is checked: docs/diagnostics.md, the codes L001 to L007.
"""
