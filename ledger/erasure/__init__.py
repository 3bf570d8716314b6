"""Erasure: what was recorded about a customer becomes unreadable for good, and the log still proves everything else.

    grounds      the legal grounds that there are
    erasures     the nouns: an erasure and how far it is, from the records about it
    index_rows   what a customer's records are found by, and deleting it
    erasing      the verbs: propose, confirm, withdraw, finish

Every body about a customer is sealed by a key of theirs. An erasure takes that key away. It needs two persons, and
every step is on disk before the next, so that whoever goes on after a crash knows where it stands:

    1  record `proposed`            somebody with the role privacy asks for it; nothing else happens
    2  record `confirmed key 8`     another person, an admin, agrees; from here on it is finished, whatever happens
    3  the keys' database           key and blind of number 8 are overwritten   } in one transaction of the
    4  record `erased key 8`        with the places of all records, and the     } journal, which ends with 4
                                    rows by which they were found are deleted   }

What is said to be erased never opens: 4 is on disk after 3. What doesn't open has its record: 3 comes after 2. A crash
between 3 and 4 leaves `confirmed key 8`; the next start, or `credence erase finish`, does 3 and 4 again.

The records name the key by its number, and nobody. A later record of the same customer gets a new key.
"""
