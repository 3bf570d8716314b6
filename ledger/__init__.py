"""What the service remembers and does: policies in force, and every decision that it has answered.

    record/    what a record is, in bytes: header, parts, seals, the tree over all, signatures; pure
    store/     one SQLite file or PostgreSQL database: what is committed survives a power cut; tables, migrations
    journal/   records on disk before anyone hears of them; time that never goes back
    search/    records found by account, case, rule, period and more, a page at a time
    export/    records written to a folder that proves itself, or to a table of decisions
    verify/    a journal or an export computed again: is it what was recorded?
    witness/   who sees, on a machine of their own, that the log only grows
    replay/    decisions made again from their records: do they come out as they were answered?
    audit/     reports for auditors, each line with its proof
    take_over/ journals of earlier versions, written into a new one
    access/    people, their keys, and every act by which that changed
    webhooks/  where events are sent, and the secrets that sign them
    policies/  the set in force, followed in a folder, pending where a change takes something away

Nouns: RECORD (a decision, an act, an activation, with what was asked and answered), POLICY SET (files and the engine's
standard facts, named by the SHA-256 of both), ACTIVATION (which set took effect when), LOOK (what a folder looked like
at one moment).

Whoever starts the service makes a `Journal`, then `Policies` that follow a folder and record in it. A request takes the
engine from `Policies.engine()`, decides, and awaits `Journal.record` before it answers. All that is wrong with the file
reaches callers as `JournalUnavailable`; nothing is answered that is not on disk.

Start reading with journal/journal.py and policies/in_force.py.
"""
