"""What open items say: account facts, aging, DSO, payment history, portfolio, backtest, and reports about them."""
