"""An OIDC issuer on this machine: its keys over HTTP, and tokens signed with them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "credence"


def private_key(kind: str, name: str = "") -> Any:
    """`name` tells keys of a kind apart; each is made once."""
    return _private_key(kind, name)


@cache
def _private_key(kind: str, name: str) -> Any:
    if kind == "RSA":
        return rsa.generate_private_key(65537, 1024 if name == "short" else 2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == "EC" else ed25519.Ed25519PrivateKey.generate()


def public_jwk(kid: str, kind: str, name: str = "", **more: object) -> dict[str, Any]:
    algorithm: Any = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}[kind]
    return {**json.loads(algorithm.to_jwk(private_key(kind, name).public_key())), "kid": kid, **more}


def public_pem(kind: str) -> bytes:
    pem: bytes = (
        private_key(kind)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return pem


class Issuer:
    """`documents`: what its address answers now; `fetches`: how often it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[dict[str, Any]] = [
            public_jwk("rsa", "RSA", use="sig"), public_jwk("ec", "EC", alg="ES256"), public_jwk("ed", "OKP"),
        ]  # fmt: skip
        self.status = 200
        self.fetches = 0

    def token(
        self,
        claims: Mapping[str, Any] = {},  # never changed
        header: Mapping[str, Any] = {},
        *,
        algorithm: str = "RS256",
        key: Any = None,
        without: tuple[str, ...] = (),
    ) -> str:
        """A good token, but for what is said."""
        kind = {"ES256": ("EC", "ec"), "EdDSA": ("OKP", "ed")}.get(algorithm, ("RSA", "rsa"))
        now = int(time.time())
        said = {"iss": self.url, "aud": AUDIENCE, "sub": "00u1", "iat": now, "exp": now + 600, **claims}
        head = {"typ": "at+jwt", "kid": kind[1], **header}
        claimed = {name: value for name, value in said.items() if name not in without}
        return jwt.PyJWS().encode(  # looks at no claim, as `jwt.encode` does
            json.dumps(claimed).encode(),
            private_key(kind[0]) if key is None else key,
            algorithm,
            {name: value for name, value in head.items() if value is not None},
        )

    def file(self, folder: Path, **more: object) -> str:
        """The settings' file."""
        issuer = {"issuer": self.url, "audience": AUDIENCE, "jwks": f"{self.url}/keys", **more}
        path = folder / "oidc.yaml"
        path.write_text(json.dumps({"issuers": [issuer]}) + "\n...\n", encoding="utf-8")
        return str(path)


@contextmanager
def issuing() -> Iterator[Issuer]:
    made: list[Issuer] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made[0].fetches += 1
            content = json.dumps({"keys": made[0].keys}).encode()
            self.send_response(made[0].status)
            if made[0].status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    made.append(Issuer(f"http://127.0.0.1:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
