"""The credit ledger as the service keeps it: commands are read for, judged and written in the journal's transaction.

credit_ledger   the batch: one snapshot for all commands that share a transaction, one write for all their changes
verbs           which function does which command
reading         the snapshot of the accounts that commands concern
writing         rows, entries and rechecks of the changes
sides           how figures are compared; two_sides, item_sides: which are
receivables_reading, overdue_register   how receivables stand on any day, from entries
"""
