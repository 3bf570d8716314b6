"""Settings that can't be used are refused by name, before anything is opened or listened on."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from api.settings import Settings, refusal


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        # listening on all addresses, and rules from the folder that the process happens to run in
        *((name, value, "is empty") for name in ("CREDENCE_HOST", "CREDENCE_RULES") for value in ("", " ", "\t")),
        *(("CREDENCE_PORT", value, "") for value in ("", "http", "-1", "65536", "8" * 40, "80.5")),
        # bodies of any size, each held in memory
        *(("CREDENCE_BODY_BYTES_MAX", value, "") for value in ("", "0", "1 MiB", str(1 << 30), "9" * 30)),
        *(("CREDENCE_LOG_LEVEL", value, "'debug', 'info', 'warning' or 'error'") for value in ("", "loud", "INFO")),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    told = refusal(refused.value)
    assert told.startswith(f"the setting {variable}")
    assert said in told
    assert "\n" not in told
