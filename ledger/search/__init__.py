"""Records found by what is known of them, newest first, a page at a time.

    record_filter     what is looked for, and whose records the reader may see
    filter_words      a filter from what somebody wrote, or every fault of it
    cursors           where the next page begins, signed: good for the same filter only
    record_search     the search itself
    record_contents   what a record's body says of account, subject and decision

    words --read--> RecordFilter --search--> Page of records, and where it goes on

By account, case number and rule there are indexes, and for all kinds but decisions. A period is turned into a range of
places first, since times never fall. What else is asked for is looked for header by header, backwards from the newest,
at most `HEADERS_MAX` a call: the page says how far it came, and its cursor goes on from there. A record that is added
meanwhile has a greater place than all before it, so no page moves under its reader.
"""
