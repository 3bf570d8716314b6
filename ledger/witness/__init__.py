"""Who sees that a journal only grows, on a machine of their own: a witness, with a key and a small file of its own.

    witness  a checkpoint compared with the last one that was seen, and cosigned
    mirror   the hash of every record, 32 bytes each, so that the very record is named that was changed

Nothing here reads a journal. What comes in is a file (`ledger.record.witness_requests`), what goes out is one line
(`ledger.record.cosignatures`). Even whoever has the journal and its signing key can't have another history cosigned.

    request --signed by the log?--goes on from what was seen?--> state on disk --> cosignature
"""
