"""Persons beyond ASCII in a batch: Python reads them, since SQL can't say what is one person.

Part of the SQL batches. `RawFacts.persons_written` gives the few texts of a file that hold other characters; a runner
reads each with `read_person` and makes the relation PERSONS of them, to which the rows are joined.
"""

from __future__ import annotations

from engine.vocabulary.binding import FactsRefused, value_reader
from engine.vocabulary.vocabulary import PERSON

PERSON_REFUSED = "\x01"
"""Begins what `read_person` gives where a text is no person's name; the fault follows."""

PERSONS, WRITTEN, READ = "credence_persons", "credence written", "credence read"
"""The relation of texts beyond ASCII that stand for persons, and its columns: each text, and what `read_person` makes
of it."""

_PERSON_READER = value_reader(PERSON, "")


def read_person(written: str) -> str:
    """A text as `person` has it, or `PERSON_REFUSED` and what is wrong with it."""
    try:
        return str(_PERSON_READER(written))
    except FactsRefused as refused:
        return PERSON_REFUSED + str(refused.faults[0]).removeprefix(": ")
