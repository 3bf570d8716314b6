"""Asking one address and no other: what is sent, or believed, belongs to whom the settings or the user named."""

from __future__ import annotations

from http.client import HTTPMessage
from typing import IO
from urllib.request import HTTPRedirectHandler, Request


class NoRedirects(HTTPRedirectHandler):
    """For `urllib.request.build_opener`, which would follow a redirection and send the key along: it is the answer."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Nothing follows."""
