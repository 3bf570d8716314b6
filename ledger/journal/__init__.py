"""The decision journal: every decision is on disk before anyone hears of it."""
