"""An issuer's public keys: fetched when one is needed, renewed beside the requests, kept while the issuer is away.

A key that is known is never waited for. One that isn't costs one fetch in `AGAIN_SECONDS`, however many tokens name it:
whoever sends made-up key ids can neither keep requests waiting nor send this service against the issuer.

Example: keys were fetched at 10:00. A token at 10:15 is checked at once, and the keys are fetched anew meanwhile. The
issuer is away from 10:20 on: tokens with the keys that were known are taken until 10:15 of the next day.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import build_opener

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from api.no_redirects import NoRedirects

FRESH_SECONDS = 600
"""For how long keys are taken without asking again; after that they still count while new ones are fetched."""
STALE_SECONDS_MAX = 24 * 3600
"""For how long keys count while the issuer can't be reached."""
AGAIN_SECONDS = 30
"""Between two fetches, whoever asks for them."""
FETCH_SECONDS_MAX = 5
BYTES_MAX = 256 << 10
"""Of a key set; issuers have a few kB."""
KEYS_MAX = 100
RSA_BITS_MIN = 2048

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One public key."""

    key: Any
    """As the cryptography library has it."""

    algorithm: str | None
    """The only one it is for; None: any that fits its kind."""


class SigningKeys:
    """Of one issuer; for the event loop's thread. `fetch` gets the document, `now` gives seconds that never go back."""

    def __init__(
        self,
        url: str,
        fetch: Callable[[str], bytes] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._fetch = fetch or fetched
        self._now = now
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, id: str) -> SigningKey | None:
        """The key of this id; None where the issuer has none, or hasn't been reached for a day."""
        age = self._now() - self._fetched_at
        known = self._keys.get(id) if age < STALE_SECONDS_MAX else None
        if known is None:
            await self._renewed()
            return self._keys.get(id) if self._now() - self._fetched_at < STALE_SECONDS_MAX else None
        if age > FRESH_SECONDS:
            self._begin()
        return known

    async def _renewed(self) -> None:
        """Waits for the fetch under way, or for a new one; at once where one was tried a moment ago."""
        self._begin()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)  # a caller that hangs up ends no fetch that others wait for

    def _begin(self) -> None:
        """Starts a fetch beside the requests, unless one is under way or was tried within `AGAIN_SECONDS`: so tokens
        with made-up key ids cost the issuer no more than one request in that time.
        """
        if self._fetching is None and self._now() - self._tried_at >= AGAIN_SECONDS:
            self._tried_at = self._now()
            self._fetching = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        """A fetch that fails, or brings no key, changes nothing."""
        try:
            keys = keys_of(await asyncio.to_thread(self._fetch, self._url))
            if keys:
                self._keys, self._fetched_at = keys, self._now()
            else:
                log.warning("an issuer's keys can't be used", url=self._url, reason="none of them is for signatures")
        except (URLError, HTTPException, OSError, ValueError) as error:
            reason = str(getattr(error, "reason", None) or error)[:200]
            log.warning("an issuer's keys can't be fetched", url=self._url, reason=reason)
        finally:
            self._fetching = None


def keys_of(document: bytes) -> dict[str, SigningKey]:
    """By id: public keys for signatures, RSA ones of 2,048 bits and more. Raises ValueError where it is no key set."""
    content = json.loads(document)
    listed = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is no JSON Web Key Set")
    keys = {}
    for each in listed[:KEYS_MAX]:
        key = _key(each) if isinstance(each, dict) and isinstance(each.get("kid"), str) else None
        if key is not None:
            keys[each["kid"]] = key
    return keys


def _key(member: dict[str, Any]) -> SigningKey | None:
    """None for secret keys, keys to encrypt with, and kinds that nobody here knows: others of the set still count."""
    if member.get("use", "sig") != "sig" or member.get("kty") not in ("RSA", "EC", "OKP") or "d" in member:
        return None
    try:
        key = PyJWK(member).key
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    if member["kty"] == "RSA" and key.key_size < RSA_BITS_MIN:
        return None
    return SigningKey(key, member.get("alg"))


def fetched(url: str) -> bytes:
    """The document at `url`. Blocks. Raises URLError, OSError, ValueError."""
    with build_opener(NoRedirects).open(url, timeout=FETCH_SECONDS_MAX) as answer:
        content: bytes = answer.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise ValueError(f"it is larger than {BYTES_MAX} bytes")
    return content
