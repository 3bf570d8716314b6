"""`python -m api.http` serves with the settings of the environment.

Nothing else of ours is imported before the extension is known to load: whoever lacks it gets one line with the command
that builds it.
"""

from __future__ import annotations

from api.extension import require_extension

require_extension()

from api.http.server import main  # noqa: E402  # it imports the extension

main()
