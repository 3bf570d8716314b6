"""Invoice histories: files of past invoices and when they were paid, for the backtest.

    map (YAML)    → `history_map_file.read_history_map`  → `history_map.HistoryMap`: which column means what, and what
                                                           is assumed of every account
    file + map    → `history_file.read_history`          → `HistoryRead`: items by customer, and the rows with faults
    one row + map → `history_rows.invoice_reader`        → `receivables.items.Item`, or every fault of the row

`history_map_schema` gives editors a JSON Schema of maps. A history knows only invoices that were paid in full or not at
all; credit notes and part payments are not in it. Start with `history_map`; docs/backtest.md is the reader's page.
"""
