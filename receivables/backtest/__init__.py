"""What a policy set would have done with a past year's orders, and how those were really paid."""
