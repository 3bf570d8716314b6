"""The rule set as generated Python: the lowering that gives the values, and one of the two that match."""
