"""What a record is, in bytes: everything that an auditor computes again. Pure: no file, database, clock or network.

    canonical_json   one text for one object of strings and whole numbers
    actors           who did something, in one line: `key 7q2k… of person 3f9a…`
    record_header    the header of a record, which names nobody and is never sealed
    body_parts       the body in parts, a commitment to each, and one digest over all of them
    policy_versions  whether the texts of a policy set are those of its version
    decision_parts   which parts a decision's request and answer are cut into
    sealing          bodies sealed by the key of the subject; those keys sealed by another key
    merkle_tree      RFC 6962: hashes of leaves and nodes, the frontier of a growing tree, its root
    log_tiles        the tree as tiles of 256 hashes (C2SP tlog-tiles), and what is under way of them
    merkle_proofs    RFC 6962: the hashes that prove a leaf to be in a tree, a tree to begin with a smaller one
    log_proofs       C2SP tlog-proof: one record's header, those hashes and a checkpoint, as a file
    signed_notes     C2SP signed notes with Ed25519
    checkpoints      C2SP tlog-checkpoints: origin, size and root, as a signed note
    cosignatures     C2SP tlog-cosignature: what a witness says of a checkpoint
    trust_policies   C2SP tlog-policy: which logs and witnesses count, and how many of them
    witness_requests C2SP tlog-witness: what a witness is asked
    new_records      a record before it has its place and its time
    record_ids       UUIDs of version 7

How a record is made:

    request, answer --cut--> parts --commit--> digest of the body --with seq and time--> header --hash--> leaf

and the leaf is appended to a tree whose root is signed again and again. Whoever has a header can recompute its leaf;
whoever has a body, its digest. docs/auditors.md says the same in words.
"""
