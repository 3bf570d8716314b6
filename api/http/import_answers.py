"""What the routes of imports answer."""

from __future__ import annotations

from pydantic import Field

from api.http.answers import Shape


class ImportShape(Shape):
    """An import, and how far it is."""

    id: str
    kind: str
    state: str = Field(
        description="`running`, `done`, `checked` (nothing was written), or `refused`: nothing of it was taken, and "
        "`detail` says why."
    )
    started_at: str
    rows: int = Field(description="Dealt with so far: new + same + changed + rejected.")
    new: int
    same: int = Field(description="Were there with the same content.")
    changed: int = Field(description="Were there with other content and took this one, as `update` asked for.")
    rejected: int = Field(description="Not taken; `…/rejects` says why.")
    settled: int = Field(description="Items that a complete list lacked.")
    detail: str | None
