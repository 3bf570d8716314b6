"""Who is told of events: addresses of other systems, the secrets that sign what they are sent, what did not arrive.

    endpoint_secrets   a secret's text, shown once, and how it is kept
    endpoints          the noun: an address with its types, and all of them at one moment, from their records
    endpoint_changes   what an admin can do to one, each as a record on the state before: pure
    webhooks           reads and changes them in the journal's own transactions, with what waits for them

An endpoint is what its last record says in full. The table of who is sent what follows from that, and is written anew
in the transaction of each such record, so that an event is never missed and never sent to one that has ended.
"""
