"""One SQLite file: opened so that what is committed survives, looked at before it is trusted, brought up to date.

    place         which paths can be a journal
    journal_file  the file at that path: made once, its owner's only, and still the one that was opened
    database      connections that write or read, with the settings that durability needs
    tables        the columns; migrations/ makes them, schema_check compares what is there with what
                  they make
    trouble       what can be wrong, in words

Nothing here knows what a decision is.
"""
