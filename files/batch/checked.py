"""What a batch can't run, for all who check policies: `credence check` and `POST /v1/policies/check`.

Policies are checked where the extra `bulk` may be missing, so the SQL lowering is imported only when asked for.
"""

from __future__ import annotations

from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine


def unfit_for_batch(engine: Engine) -> tuple[Diagnostic, ...]:
    """The diagnostics `B…` of every case kind, on every stretch of dates between changes of parameters. None without
    the extra `bulk`, since no batch runs then; and none of lists, which a batch refuses when it is asked for: policies
    that read them are right, and queries over columns of lists can be printed."""
    try:
        from engine.lowering.sql.portability import portability_mistakes
    except ImportError:
        return ()
    return portability_mistakes(engine.rulesets(), lists=True)
