"""What bulk can't run, for all who check policies: `credence check` and `POST /v1/policies/check`."""

from __future__ import annotations

from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine


def unfit_for_bulk(engine: Engine) -> tuple[Diagnostic, ...]:
    """Of every case kind, on every stretch of dates. Nothing without the extra `bulk`: nothing runs in bulk then."""
    try:
        from engine.lowering.sql.portability import portability_mistakes
    except ImportError:
        return ()
    return portability_mistakes(engine.rulesets())
