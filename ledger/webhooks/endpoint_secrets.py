"""What events are signed with: a text that is shown once, as Standard Webhooks writes it.

    whsec_…   32 random bytes in base64: both sides have it (HMAC-SHA-256)
    whsk_…    an Ed25519 key's 32 bytes: only the service has it, and receivers get the public one, whpk_…

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from enum import StrEnum
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SHARED, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
SECRET_BYTES = 32


class Signature(StrEnum):
    """How an endpoint's events are signed."""

    HMAC = "hmac-sha256"
    """By a secret that both sides have (`v1`)."""

    ED25519 = "ed25519"
    """By a key that only the service has (`v1a`)."""


def new_secret(signature: Signature) -> str:
    """A text that nobody has had."""
    prefix = SHARED if signature is Signature.HMAC else PRIVATE
    return prefix + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_bytes(text: str) -> bytes:
    """What the text stands for."""
    return b64decode(text.partition("_")[2])


def signing_key_of(text: str) -> Ed25519PrivateKey:
    """Of a text that begins with `whsk_`."""
    return Ed25519PrivateKey.from_private_bytes(secret_bytes(text))


def public_key_of(text: str) -> str | None:
    """What receivers verify by; None where they need the secret itself."""
    if not text.startswith(PRIVATE):
        return None
    return PUBLIC + b64encode(signing_key_of(text).public_key().public_bytes_raw()).decode()


def digest_of_secret(text: str) -> str:
    """By which a secret is known again without being said: SHA-256, hexadecimal."""
    return sha256(text.encode()).hexdigest()
