"""Somebody's file in, facts and decisions out: rows, maps, whole files decided one by one, on DuckDB or on Spark."""
