"""Signatures of what is sent, as Standard Webhooks 1.0 has them: over id, time and body, so that neither can be changed
and nothing old be sent again.

    webhook-id: 01a20069-767e-7289-841e-0c1e0d8f48ea
    webhook-timestamp: 1795747200
    webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=

Signed is `id.time.body`. While a secret is being replaced there is a signature by each, with a blank between them.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence

from ledger.webhooks.endpoint_secrets import PRIVATE, secret_bytes, signing_key_of


def signed_headers(id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers. `timestamp` is in seconds since 1970, of this try."""
    content = f"{id}.{timestamp}.".encode() + body
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    if secret.startswith(PRIVATE):
        return f"v1a,{b64encode(signing_key_of(secret).sign(content)).decode()}"
    return f"v1,{b64encode(hmac.digest(secret_bytes(secret), content, 'sha256')).decode()}"
