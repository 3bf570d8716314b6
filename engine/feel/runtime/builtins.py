"""FEEL's built-in functions (DMN 1.5, 10.3.4), gathered from the modules that define them."""

from __future__ import annotations

from engine.feel.runtime import (
    builtins_context,
    builtins_list,
    builtins_number,
    builtins_range,
    builtins_string,
    builtins_temporal,
)
from engine.feel.runtime.builtins_range import counted
from engine.feel.runtime.signatures import BUILT_INS, invoke

__all__ = ["BUILT_INS", "counted", "invoke"]

MODULES = (
    builtins_context,
    builtins_list,
    builtins_number,
    builtins_range,
    builtins_string,
    builtins_temporal,
)
"""Imported for what they register."""
