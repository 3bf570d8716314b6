"""Records written to files outside of the journal; each export is a record itself.

    exporting         which records, up to the newest checkpoint; what is written appears whole, once it is on record
    export_folder     headers with their parts or commitments, tiles, checkpoint, policy sets: what proves them
    decision_table    a Parquet file with a row for each decision

docs/auditors.md says what is in the folder, and how it is checked with nothing but SHA-256 and Ed25519.
"""
