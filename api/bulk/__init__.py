"""`credence batch`: whole files decided by the rule set's SQL, on DuckDB or Spark."""
