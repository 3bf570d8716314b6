"""Whether a journal, or an export of one, is still what was recorded: everything about it is computed again.

    journal_faults    what may be wrong, the record that is meant and what it means; and how often
    trusted_key       the key and the checkpoint that somebody brings along, so as not to rely on the journal's own
    outside_evidence  what others kept of it: witnesses' notes, a mirror, receipts
    record_check      one record: header, columns, time, body
    tile_check        the stored hashes of the log, each level made of the one below
    history_check     the tree over all leaves, against each checkpoint that was ever signed
    policy_set_check  policy sets, and whether each that a record names is there
    journal_check     a journal in place, page by page, as it stood when the check began
    line_order        numbers that rise, and those that lack
    export_check      the folder of an export, which needs nothing else
    proving           the proof that one record is in the newest checkpoint

    records --leaf--> tree --root at each checkpoint's size--> signed by the key that is trusted?

Nothing is written, and nothing stops at the first fault. What is read is bounded: a page of records, a tile a level.
"""
