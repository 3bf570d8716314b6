"""What a whole book of receivables says on a day: figures, and what the policies say of it."""
