"""The pure decision engine: policy text in, decisions with reasons out. No HTTP, SQL driver, clock or environment."""
