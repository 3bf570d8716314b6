"""Who may ask the service: people, their keys, and every act by which that changed.

    roles     the roles and authorities that there are
    api_keys  the text of a key, which is shown once, and its digest, which is kept
    people    the nouns: a person, a key, and all of them together at one moment
    changes   what an admin can do, each as acts on the state before: pure
    access    reads state and acts from the journal's file, and writes what was done
    recovery  a first key again, for whoever can write that file

Acts are append-only and hold no names: a person is an opaque id there. Login, name and OIDC subject stand in the table
`people` and nowhere else, so they can be erased and the acts stay. What a person or key may do is what all acts say
together (`people.folded`); no column beside them could be changed by hand to say otherwise.
"""
