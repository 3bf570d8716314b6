"""What the service remembers and does: policies in force, and every decision that it has answered.

    store/     one SQLite file: opened so that what is committed survives a power cut, its tables, its migrations
    journal/   decisions on disk before anyone hears of them; time that never goes back
    access/    people, their keys, and every act by which that changed
    policies/  the set in force, followed in a folder, pending where a change takes something away

Nouns: RECORD (one decision with its request and answer), POLICY SET (files and the engine's standard facts, named by
the SHA-256 of both), ACTIVATION (which set took effect when), LOOK (what a folder looked like at one moment).

Whoever starts the service makes a `Journal`, then `Policies` that follow a folder and record in it. A request takes the
engine from `Policies.engine()`, decides, and awaits `Journal.record` before it answers. All that is wrong with the file
reaches callers as `JournalUnavailable`; nothing is answered that is not on disk.

Start reading with journal/journal.py and policies/in_force.py.
"""
