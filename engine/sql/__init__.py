"""RuleSet → one SQL query, for millions of rows at a time: the third lowering."""
