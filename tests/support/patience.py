"""How long a test waits for what has to come."""

from __future__ import annotations

PATIENCE = 120
"""Seconds, since others may have the processor; what comes soon is waited for no longer. No test holds how soon: it
holds that something comes, or what comes first."""
