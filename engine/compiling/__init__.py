"""Policies → RuleSet: who reads whom, units, scales and bounds, FEEL to formulas, tables proven without gaps."""
