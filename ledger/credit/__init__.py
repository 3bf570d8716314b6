"""The credit ledger's pure part: who owes, what was ordered, what may go out, and what each command makes of it.

Nothing here knows a database, a clock or HTTP. A command and a snapshot of the accounts that it concerns give a change:

    (Snapshot, command, Desk) → Change          submit(snapshot, Submit(…), desk)

    account     who owes: profile, totals, groups; figures and grades with their history
    limit       what may be owed, and since when
    security    what pays where the customer doesn't
    order       an order, its revisions, holds and releases
    entry       one movement of money between buckets; the totals of accounts are sums of these
    moves       which move is legal in which state
    snapshot    all that is known of some accounts, as a working copy that takes changes
    change      what a command writes, and what it answers
    facts       the facts of an order or account, from a snapshot
"""
