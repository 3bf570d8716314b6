"""Everything that was tried for one case, in order: why each rule fired or didn't. On top of an engine."""
