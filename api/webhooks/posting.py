"""One POST over TLS to one address that was chosen before, and its status. Nothing that is answered is followed.

The connection goes to the address, certificate and SNI are the name's: so it doesn't matter what the name stands for a
moment later. No proxy of the environment is asked. The whole of it, from the connection to the head of the answer, has
`SECONDS_MAX` and `ANSWER_BYTES_MAX`; the answer's body means nothing here, so it isn't waited for.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import h11

from api.webhooks.webhook_url import WebhookUrl
from engine.version import RELEASE

SECONDS_MAX = 15.0
ANSWER_BYTES_MAX = 64 << 10
_READ_BYTES = 16 << 10


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver said."""

    status: int
    retry_after: str | None
    """The header, as it came."""


class NoAnswer(Exception):
    """Nobody answered in time, or not in HTTP; the message says which, in our words."""


async def post(url: WebhookUrl, address: str, headers: Mapping[str, str], body: bytes, tls: ssl.SSLContext) -> Answered:
    """Raises `NoAnswer`."""
    try:
        async with asyncio.timeout(SECONDS_MAX):
            return await _post(url, address, headers, body, tls)
    except TimeoutError as error:
        raise NoAnswer(f"no answer in {SECONDS_MAX:.0f} s") from error


async def _post(
    url: WebhookUrl, address: str, headers: Mapping[str, str], body: bytes, tls: ssl.SSLContext
) -> Answered:
    try:
        reader, writer = await asyncio.open_connection(
            address, url.port, ssl=tls, server_hostname=url.host, limit=_READ_BYTES
        )
    except ssl.SSLCertVerificationError as error:
        raise NoAnswer(f"its certificate isn't trusted: {error.verify_message}") from error
    except TimeoutError:
        raise
    except OSError as error:  # ssl.SSLError among them
        why = "TLS failed" if isinstance(error, ssl.SSLError) else error.strerror or "refused"
        raise NoAnswer(f"no connection: {why}") from error
    try:
        return await _exchange(reader, writer, url, headers, body)
    except TimeoutError:
        raise
    except (OSError, EOFError) as error:
        raise NoAnswer("the connection broke before an answer") from error
    except h11.ProtocolError as error:
        raise NoAnswer("what came back is no HTTP") from error
    finally:
        with suppress(OSError):
            writer.transport.abort()


async def _exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    url: WebhookUrl,
    headers: Mapping[str, str],
    body: bytes,
) -> Answered:
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=ANSWER_BYTES_MAX)
    said = {
        "Host": url.authority,
        "User-Agent": f"credence/{RELEASE}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    request = h11.Request(method="POST", target=url.target, headers=list(said.items()))
    writer.write(b"".join((http.send(request), http.send(h11.Data(body)), http.send(h11.EndOfMessage()))))
    await writer.drain()
    return await _answer(reader, http)


async def _answer(reader: asyncio.StreamReader, http: h11.Connection) -> Answered:
    """As soon as status and headers are there: whether the body ever ends changes nothing."""
    read = 0
    while read <= ANSWER_BYTES_MAX:
        event = http.next_event()
        if event is h11.NEED_DATA:
            content = await reader.read(_READ_BYTES)
            if not content:
                raise EOFError
            read += len(content)
            http.receive_data(content)
        elif isinstance(event, h11.Response):
            found = (value.decode("latin-1") for name, value in event.headers if name == b"retry-after")
            return Answered(event.status_code, next(found, None))
        elif not isinstance(event, h11.InformationalResponse):
            break
    raise h11.RemoteProtocolError("it goes on without an answer")


def trusted_authorities() -> ssl.SSLContext:
    """By the system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
