"""The journal: every record is on disk before anyone hears of it.

    clock         moments that never go back, whatever the machine's clock does; ids that sort as they were given
    last_records  reads back what was recorded last, so that a damaged file isn't added to
    opening       looks at file, tables, triggers, keys and last records, then gives a connection that writes
    log_head      where the log ends, and the tree over all headers
    log_transaction  one transaction: places and times, headers, sealed bodies, leaves, tiles, head
    kept_answers     answers kept for some days, for requests that are sent again
    outbox           events that are to be sent, written with the records that they tell of
    checkpointing    when a checkpoint is signed
    last_signed      what was signed last, beside the key: a journal that is behind it isn't added to
    epochs           how a journal that lost its last records goes on
    signed_log       the log as others see it: checkpoints with cosignatures, tiles, what proofs are made of
    opened_records   records read back, with their bodies opened
    journal       the writer thread: whatever waits shares one transaction and one fsync

The life of a record: `Journal.record` puts it into a queue and gives a future. The writer thread takes what waits,
at most `BATCH_MAX`, writes it in one transaction, looks whether the file is still the one at its path, and resolves
the futures. Where anything fails, all of them fail, nothing is answered, and the next batch opens the file afresh.
"""
