"""Row maps: which column of somebody's file is which fact, and how its rows are read.

Companies export what they have under headings of their own. A row map, a YAML file in `rules/maps`, says which column
gives which fact of a case, how the file writes dates and words, and which facts are worked out by a formula. Nothing is
guessed: a cell that the map doesn't account for is a fault of its row.

Nouns, in `row_map`: a `RowMap` has `Column`s, each of a fact or of a helper column (`row.settled`), and `MapFormula`s.

Flow:

    YAML –read_row_map→ RowMap –row_reader→ a function: cells → MappedRow (facts as in a request, or faults)

- `row_map_file` reads a map against the vocabulary and gives every mistake in it; `map_columns` is its part for one
  column, `map_formula_reader` its part for formulas, which `map_formulas` has the policy compiler compile. Histories
  are read with these parts, too.
- `date_format` and `number_format` say how a column writes its cells; `cell_faults` has the words for a cell that
  can't be read, and `headings` for a heading that the map doesn't fit.
- `mapped_rows` takes rows through a map, one by one: cells become values, then the formulas run as generated Python.
  `credence batch` reads the same map into SQL instead (`files.batch.raw_facts`), with the same results and faults.
- `row_map_schema` gives editors the JSON Schema of maps.

Start with `row_map`, then `mapped_rows.row_reader`. docs/command-line.md describes maps to their authors.
"""
