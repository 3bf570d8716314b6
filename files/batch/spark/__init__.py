"""Whole files decided by the rule set's SQL on a Spark cluster."""
