"""The C extension that matches rules, looked at before anything imports it.

durable-rules comes as source and is compiled where it is installed. Its setup.py builds without optimisation, and what
it builds on Python 3.13 can't be loaded; both are cured by flags that only the locked install of this repository and
the command below give. Whoever installs the wheel meets that first: in one line with the command, not in a traceback.
"""

from __future__ import annotations

import importlib
import shlex
import sys

DURABLE_RULES = "durable-rules==2.0.28"
FLAGS = "-O2 -fwrapv -fno-strict-aliasing -DNDEBUG -DPyEval_CallObject=PyObject_CallObject"
"""As scripts/install.sh gives them: optimised, and what Python 3.13 calls by another name."""

UNUSABLE = 2


def rebuild_command(pip: str = "pip") -> str:
    """`--no-cache-dir`: pip would hand out the wheel that it built without the flags."""
    return (
        f"CPPFLAGS='{FLAGS}' {pip} install --no-binary durable-rules --no-cache-dir --force-reinstall --no-deps"
        f" {DURABLE_RULES}"
    )


def require_extension() -> None:
    """Ends the process with one line and exit code 2 where the extension can't be loaded."""
    try:
        importlib.import_module("durable_rules_engine")
    except ImportError as error:
        why = " ".join(str(error).split())
        command = rebuild_command(f"{shlex.quote(sys.executable)} -m pip")
        sys.stderr.write(
            f"credence: the rule matcher durable-rules can't be loaded ({why}); build it with: {command}\n"
        )
        sys.exit(UNUSABLE)
