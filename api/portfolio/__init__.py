"""`credence portfolio`: a book of receivables read from files, and told as a report or JSON."""
