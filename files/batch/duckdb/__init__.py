"""Whole files decided by the rule set's SQL on DuckDB, in this process."""
