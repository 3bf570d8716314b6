"""Policy sets that could take a check long: one generator for each thing that an author can repeat.

Each maker takes how often to repeat and gives policy files by name. `of_size` repeats until the files reach a number of
bytes, so that every kind can be tried as large as a file may be.
"""

from tests.support.oversized import mistakes, rules, tables
from tests.support.oversized.parts import KINDS, of_size

__all__ = ["KINDS", "mistakes", "of_size", "rules", "tables"]
