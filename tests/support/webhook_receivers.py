"""Another system that is told of events: an https server on this machine with a certificate of an authority of its own,
and what a receiver does about signatures, written from the text of Standard Webhooks alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

NAMES = ("erp.example.com", "other.example.com")
HERE = "127.0.0.1"
HERE_LISTED = "127.0.0.0/8"
"""What a service must list to send to a receiver of a test."""

SECONDS_OFF_MAX = 5 * 60


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    """By name in lower case."""

    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """`answers`: what the next requests are answered, the last of them again and again."""

    port: int
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [(204, {}, b"")])
    waits: float = 0.0
    """Seconds before an answer."""

    def url(self, host: str = NAMES[0], path: str = "/hooks") -> str:
        return f"https://{host}:{self.port}{path}"

    def answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """From now on."""
        self.answers = [(status, headers or {}, body)]

    def next_answer(self) -> tuple[int, dict[str, str], bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def at_receivers(host: str, port: int) -> Sequence[str]:
    """Resolves every name to this machine."""
    return [HERE]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    made: list[Receiver] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made[0].received.append(Received(self.path, headers, body))
            time.sleep(made[0].waits)
            status, said, content = made[0].next_answer()
            self.send_response(status)
            for name, value in said.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None: ...

    server = Server((HERE, port), Answer)
    server.socket = server_context().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    made.append(Receiver(server.server_port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def trusting() -> ssl.SSLContext:
    """What a service has that trusts the tests' authority."""
    return ssl.create_default_context(cadata=_authority()[0].public_bytes(serialization.Encoding.PEM).decode())


def authority_file(folder: Path) -> Path:
    """For SSL_CERT_FILE."""
    path = folder / "authority.pem"
    path.write_bytes(_authority()[0].public_bytes(serialization.Encoding.PEM))
    return path


def verify(received: Received, secret: str, now: float | None = None) -> None:
    """As https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md says it. Raises
    ValueError."""
    said = {name: received.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature")}
    if now is not None and abs(now - int(said["timestamp"])) > SECONDS_OFF_MAX:
        raise ValueError("too old or too new")
    content = b".".join((said["id"].encode(), said["timestamp"].encode(), received.body))
    for each in said["signature"].split(" "):
        version, _, text = each.partition(",")
        if _is_signature(version, base64.b64decode(text), secret, content):
            return
    raise ValueError("no signature is right")


def _is_signature(version: str, signature: bytes, secret: str, content: bytes) -> bool:
    key = base64.b64decode(secret.split("_", 1)[1])
    if version == "v1" and secret.startswith("whsec_"):
        return hmac.compare_digest(hmac.new(key, content, hashlib.sha256).digest(), signature)
    if version == "v1a" and secret.startswith("whpk_"):
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
        except Exception:
            return False
        return True
    return False


@cache
def _authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    builder = _builder(name, name, key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    usage = {use: use == "key_cert_sign" for use in (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )}  # fmt: skip
    builder = builder.add_extension(x509.KeyUsage(**usage), True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    return builder.sign(key, hashes.SHA256()), key


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


@cache
def server_context() -> ssl.SSLContext:
    import tempfile

    authority, authority_key = _authority()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    names = [*map(x509.DNSName, NAMES), x509.IPAddress(ip_address(HERE))]
    builder = _builder(name, authority.subject, key.public_key())
    builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False
    )
    certificate = builder.sign(authority_key, hashes.SHA256())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        pem = serialization.Encoding.PEM
        file.write(certificate.public_bytes(pem))
        plain = serialization.NoEncryption()
        file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        file.flush()
        context.load_cert_chain(file.name)
    return context
