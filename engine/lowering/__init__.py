"""RuleSet → what finds the rules that fire: generated Python, a Rete network, SQL."""
