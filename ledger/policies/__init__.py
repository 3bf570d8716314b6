"""The policy set in force: read from the rules folder, held against the set before, activated."""
