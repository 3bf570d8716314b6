"""A whole book of receivables on a day: figures, what the policies say, and the report."""
