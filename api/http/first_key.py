"""The key that a service without people and keys prints once, and what it says when there is nobody to ask.

To standard error, beside the log and not in it: the log is kept and sent on, and never holds a key.
"""

from __future__ import annotations

import sys

from ledger.access.changes import FIRST_KEY_HOURS


def show_first_key(text: str) -> None:
    """Prints it, with what to do."""
    sys.stderr.write(
        f"nobody has a key yet. This one adds people and keys, nothing else, for {FIRST_KEY_HOURS} hours or until "
        f"an admin has a key; it is shown once:\n\n    export CREDENCE_KEY={text}\n\n"
        "then: credence people add LOGIN --role admin, credence keys create --person LOGIN "
        "(lost: credence keys recover)\n"
    )
    sys.stderr.flush()
