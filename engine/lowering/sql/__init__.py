"""The rule set as one SQL query, for millions of rows at a time."""
