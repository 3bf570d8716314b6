"""One SQLite file or PostgreSQL database: opened so that what is committed survives, looked at before it is trusted,
brought up to date.

    place         which paths and addresses can be a journal
    store         what a journal asks of its place, whichever it is: file_store and server_store answer
    journal_file  the file at a path: made once, its owner's only, and still the one that was opened
    database      connections to a file that write or read, with the settings that durability needs
    rights        who may do what with each table on a server; server_roles makes it so
    tables        the columns; migrations/ makes them, schema_check compares what is there with what
                  they make
    append_only   triggers that refuse changes, in the words of each database
    prepared_sql  statements that every commit runs, compiled once
    secret_files  the signing key and the wrapping key, and where a journal's keys are
    file_backup   a journal in a file copied with its keys, and put in place again
    text_files    small texts in files that somebody brings along
    key_database  the keys of subjects, in a file of their own
    trouble       what can be wrong, in words

Nothing here knows what a decision is.
"""
