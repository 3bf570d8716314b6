"""The rule set as Rete networks of durable_rules: the second opinion on every match."""
