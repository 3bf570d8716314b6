"""RuleSet and facts → Decision with its reasons; explanations; the policies' own test cases."""
