"""Decisions made again from their records, and whether they come out byte for byte as they were answered.

    request_again    what an engine answers today to a request of then: day, id, policies and facts of the record
    comparison       what of two answers is not the same, in a word
    engine_process   the same for another engine: what its wheel runs in a process of its own
    wheelhouse       wheels of other engines: found by their fingerprint, pinned by their hashes, run apart
    replaying        a record in, a word out

    record --opened--> request, answer --running engine--> answer again --compared--> word
                                       --its own engine, by wheel, where the bytes differ--> word

Nothing is recorded, and nothing is decided for anybody.
"""
