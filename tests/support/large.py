"""How many cases a generated test looks at.

In `make test` as many as a fault needs to be found, of which the tests beside hold that they reach what they should;
`make large` looks at many more, for what only a rare case shows.
"""

from __future__ import annotations

import os

IS_LARGE = os.environ.get("LARGE_TESTS", "") == "1"


def how_many(usual: int, *, large: int) -> int:
    return large if IS_LARGE else usual
