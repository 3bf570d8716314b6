"""`credence backtest`: history read, replayed on DuckDB, and told as a report or JSON."""
