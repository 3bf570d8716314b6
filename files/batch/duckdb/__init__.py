"""A batch on DuckDB, in this process: files → the relation `raw` → facts → decisions → a file.

    relation      opens the files as one relation, whatever their format
    recoded       text files in UTF-8 with the heading on top: the file itself, or a copy
    csv_input     CSV: headings, and the lines on which broken records stand
    ndjson_input  NDJSON: lines → cells of text, checked strictly without reading each line in Python
    duckdb_run    composes them with the SQL form of the rule set; writes decisions and rejects
    failures      whose fault an error of DuckDB's is
    watched       runs a long statement so that Ctrl-C ends it

DuckDB reads fast and leniently, the service strictly. Where they could differ (headings, quotes, encodings, JSON), this
folder makes DuckDB refuse what `files.rows` refuses, and takes the words from there. Start with `duckdb_run.run`.
"""
