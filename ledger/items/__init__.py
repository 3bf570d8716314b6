"""Open items of the credit ledger: what was invoiced, paid, credited and deposited, and the sums that facts are made
of.

item       one item, and how parts of it were set off against others
totals     sums over items, kept with them: by due date, by dunning level, by day, over the whole book
post       (Snapshot, Post, Desk) → Change: an item is booked
"""
