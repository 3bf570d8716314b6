"""Whole files decided: one by one through the engine, or all at once through the rule set's SQL.

Both give the same decisions and the same rejects; they differ in speed and in what they read.

    decide_file         `credence decide-file`: CSV and NDJSON, in any encoding, a few thousand rows a second; needs no
                        extra; adds up tables (`summary`)
    duckdb.duckdb_run   `credence batch`: all four formats, hundreds of thousands of rows a second (docs/scale.md)
    spark.cluster       `credence batch --engine spark`: CSV and Parquet in a cluster's storage

`job` has the nouns that they share, `BatchJob` and `BatchTally`. The SQL ones share `input` (which files, which column
holds which fact), `raw_facts` (raw columns → facts and faults, in SQL; `cell_sql` reads what a map says of cells,
`cell_words` writes faults with the cell in them) and `output` (decisions → columns). `checked`
names what a policy set can't have for a batch, when policies are checked. Start with `decide_file`, which is short and
says what the others must give as well; then `duckdb.duckdb_run`.

The word is *batch*; `bulk` is only the name of the extra that brings DuckDB, pyarrow and sqlglot.
"""
