"""What the service remembers: the policy sets it has followed and every decision it has answered."""
