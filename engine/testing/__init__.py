"""The policies' own test cases, run as requests would be, and what differs from what they expect."""
