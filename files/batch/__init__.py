"""Whole files decided: one by one through the engine, or through the rule set's SQL."""
