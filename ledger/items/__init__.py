"""Open items of the credit ledger: what was invoiced, paid, credited, deposited and given up, and the sums that facts
are made of.

item                one item, and how parts of it were set off against others
write_off           what somebody wants to be given up, and what became of it
totals              sums over items, kept with them: by due date, by dunning level, by day, over the whole book
post_…              (Snapshot, Post…, Desk) → Change: an item is booked
settling, take_back a credit is set off against what is owed, and taken off again; discount: what may be taken off
allocate, reverse   what a payment pays is said later; a payment, credit note or write-off is taken back
write_off_request   a write-off is asked for, agreed to or refused, as the policies judge
item_facts          the facts of an invoice for reports, from sums alone; interest: what late payment comes to
"""
