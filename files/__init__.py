"""Somebody's file in, facts and decisions out.

The room of readers and writers: what a file holds, in whatever format and encoding, becomes rows; a row map makes facts
of a row; whole files are decided. Stands on `engine` and knows no HTTP, no journal and no terminal. `receivables` reads
its files through here.

Nouns, and where they come from:

    Format              formats         CSV, NDJSON, Parquet or Arrow, by the file's name
    FileRow             rows, columnar  one row: its line, its text, its cells or its fault
    is_typed            typed_cells     whether a cell held a number or a date itself, not text for one
    RowMap, MappedRow   maps            which column is which fact, and a row taken through that
    CaseFile            case_file       one case from a file, as `credence decide` takes it
    BatchJob, BatchTally  batch.job     what is decided, and what became of the rows
    InputRefused        input_refused   the one error for a file, folder or name that can't be used at all

The flow of a file with rows:

    formats → encoding → rows or columnar → maps → batch → whole_files, rejects (spreadsheet)

Two rules hold everywhere. No row is lost: each becomes a decision or a reject with all its faults, and the counts are
compared. No output is half written: files take their places when everything is done, or not at all (`whole_files`).
Start with `rows.open_rows`, then `batch.decide_file`.
"""
