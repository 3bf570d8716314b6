"""The commands that ask a running service: where it listens, with which key, and what becomes of its refusals.

A key is never typed: what stands on a command line can be read by every program of the machine and stays in the shell's
history. It comes from the environment variable CREDENCE_KEY or from a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import typer

from api.cli.console import FOUND_PROBLEMS, refuse
from api.cli.options import READ, RUNNING
from api.no_redirects import NoRedirects

SECONDS_MAX = 60
"""For an answer: activating compiles nothing, but waits for a change that is being compiled."""

KEY_VARIABLE = "CREDENCE_KEY"
KEY_WANTED = f"set {KEY_VARIABLE}, or give --key-file"
NOT_CREDENCE = "what answers at `{url}` is not credence, or refuses; give the service's --url"

_ANSWER_BYTES_MAX = 16 << 20
_KEY_BYTES_MAX = 20_000

UrlOption = Annotated[
    str,
    typer.Option("--url", metavar="URL", help="Where the service listens.", show_default=True, rich_help_panel=RUNNING),
]
KeyFileOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help=f"File with the key for the service; without it the environment variable {KEY_VARIABLE}.",
        rich_help_panel=READ,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """Which service is asked, and with which key."""

    url: UrlOption = "http://127.0.0.1:8000"
    """Scheme, host and port."""

    key_file: KeyFileOption = None
    """One line: a key, or a token of an OIDC issuer."""

    def ask(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        refusals_too: bool = False,
        person: str | None = None,
        replaces: int | None = None,
        seconds: float = SECONDS_MAX,
    ) -> dict[str, Any]:
        """The service's answer to a GET, or with a body to a POST. `person`: in whose name it is asked. `replaces`: to
        a PUT over this revision. `seconds`: how long an answer may take.

        Ends the command where there is none; where the service refuses as well, unless `refusals_too`: then its problem
        document is the answer."""
        sent = None if body is None else json.dumps(body).encode()
        try:
            with self._asked(path, sent, "application/json", person, replaces, seconds) as answer:
                return _read(answer.read(_ANSWER_BYTES_MAX), self.url)
        except _Refused as refused:
            if refusals_too:
                return dict(refused.problem)
            refuse(_in_words(refused.problem, refused.status), FOUND_PROBLEMS)

    def send(self, path: str, body: BinaryIO, media_type: str) -> dict[str, Any]:
        """The service's answer to a POST of a file, which is read as it is sent. Ends the command as `ask` does."""
        try:
            with self._asked(path, body, media_type) as answer:
                return _read(answer.read(_ANSWER_BYTES_MAX), self.url)
        except _Refused as refused:
            refuse(_in_words(refused.problem, refused.status), FOUND_PROBLEMS)

    def lines(self, path: str) -> Iterator[bytes]:
        """The lines of the service's answer to a GET, as they come. Ends the command as `ask` does."""
        try:
            with self._asked(path, None, "") as answer:
                yield from answer
        except _Refused as refused:
            refuse(_in_words(refused.problem, refused.status), FOUND_PROBLEMS)

    @contextmanager
    def _asked(
        self,
        path: str,
        body: bytes | BinaryIO | None,
        media_type: str,
        person: str | None = None,
        replaces: int | None = None,
        seconds: float = SECONDS_MAX,
    ) -> Iterator[HTTPResponse]:
        """The answer, open. Raises `_Refused`; ends the command where no service answers."""
        headers = {"Accept": "application/json", **_authorization(self.key_file)}
        if body is not None:
            headers["Content-Type"] = media_type
        if person is not None:
            headers["Credence-On-Behalf-Of"] = person
        if replaces is not None:
            headers["If-Match"] = f'"{replaces}"'
        try:
            method = None if replaces is None else "PUT"
            request = Request(self.url.rstrip("/") + path, body, headers, method=method)
            if request.type not in ("http", "https"):
                refuse(f"`{self.url}` is not the address of a service; write it like http://127.0.0.1:8000")
            with build_opener(ProxyHandler({}), NoRedirects).open(request, timeout=seconds) as answer:
                yield answer
        except HTTPError as error:
            raise _Refused(error.code, _read(error.read(_ANSWER_BYTES_MAX), self.url)) from None
        except (URLError, HTTPException, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            refuse(f"no service answers at `{self.url}`: {reason}; start it with `credence serve`, or give its --url")


class _Refused(Exception):
    """The service answered with a problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.status, self.problem = status, problem


def _authorization(key_file: Path | None) -> dict[str, str]:
    """The header with the key, from the file or the environment variable; none where neither is given, since a service
    with `--insecure-local` needs none. Ends the command where the file can't be read, or what is in it can't be a
    header.
    """
    if key_file is None:
        key = os.environ.get(KEY_VARIABLE, "").strip()
    else:
        try:
            with key_file.open("rb") as file:
                key = file.read(_KEY_BYTES_MAX).decode().strip()
        except (OSError, ValueError) as error:
            refuse(f"the key file `{key_file}` can't be read: {getattr(error, 'strerror', None) or 'it is no text'}")
    if not key and key_file is None:
        return {}
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        where = KEY_VARIABLE if key_file is None else f"the file `{key_file}`"
        refuse(f"{where} holds no key; a key is one word, such as crk_ and 36 more characters")
    return {"Authorization": f"Bearer {key}"}


def _in_words(refused: Mapping[str, Any], status: int) -> str:
    """The problem's detail, with its faults; how to give a key where one was needed."""
    detail = str(refused.get("detail", f"the service answered {status}"))
    faults = [f"{fault.get('path', '')} {fault.get('message', '')}".strip() for fault in refused.get("errors", ())]
    return "; ".join([detail, *faults, *([KEY_WANTED] if status == 401 else [])])


def _read(content: bytes, url: str) -> dict[str, Any]:
    """The answer, which must be a JSON object; ends the command where something else listens at the address."""
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        refuse(NOT_CREDENCE.format(url=url))
    return answer
