"""The rule set: exact formulas, matches and results of one case kind on one stretch of dates, ready to be lowered."""
