"""What was known on a past day: an invoice ledger's events, replayed under a rule set and compared with what came."""
