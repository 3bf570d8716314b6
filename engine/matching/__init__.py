"""Which rows and rules of a rule set hold for a case: by generated Python and by a Rete network, compared."""
