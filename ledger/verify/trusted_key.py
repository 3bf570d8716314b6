"""What somebody brings along to check a journal by: the verifier key, and a checkpoint that they took away earlier.

Whoever can change a journal could put another key beside it, and with the signing key sign another history. Against the
first the key must come from elsewhere, against the second a checkpoint must.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ledger.record.checkpoints import epochs_until, stated_size
from ledger.record.signed_notes import BadNote, NoteVerifier, read_verifier
from ledger.record.trust_policies import BadTrustPolicy, TrustPolicy, read_trust_policy
from ledger.store.secret_files import KeyPlaces, log_keys
from ledger.store.text_files import small_text
from ledger.store.trouble import FileTrouble
from ledger.verify.history_check import SignedSize


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """By which checkpoints are verified."""

    verifier: NoteVerifier

    source: str
    """Where it is from, in words."""

    is_brought: bool
    """It is from elsewhere than what is checked."""

    policy: TrustPolicy | None = None
    """Whose cosignatures count beside it; None: nobody asks."""

    others: tuple[NoteVerifier, ...] = ()
    """Keys of the same log that it replaced."""

    @property
    def keys(self) -> tuple[NoteVerifier, ...]:
        """Each that counts, the newest first."""
        return (self.verifier, *self.others)

    @property
    def verifiers(self) -> tuple[NoteVerifier, ...]:
        """All keys that a checkpoint may be signed by: also those of the log's earlier epochs."""
        return tuple(each for key in self.keys for each in epochs_until(key))


def brought_key(said: str) -> TrustedKey:
    """`said`: the key's text, or the name of a file with nothing else in it; where the log's key was replaced, with a
    line for each of its keys. Raises `FileTrouble`."""
    try:
        return TrustedKey(verifier=read_verifier(said), source="given", is_brought=True)
    except BadNote:
        pass
    lines = small_text(Path(said), "the key").split("\n")
    try:
        first, *others = [read_verifier(line) for line in lines if line.strip()] or [read_verifier("")]
    except BadNote as error:
        raise FileTrouble(
            f"`{said}`: {error}; give a verifier key, `name+hash+base64`, or a file with it, as in an export's "
            "manifest.json under `verifier_key`"
        ) from error
    return TrustedKey(verifier=first, source=f"the file {said}", is_brought=True, others=tuple(others))


def key_beside(places: KeyPlaces, source: str) -> TrustedKey:
    """Those in the file of the journal's own signing key. Raises `FileTrouble`."""
    first, *others = log_keys(places.signing_key, may_make=False).all
    return TrustedKey(verifier=first, source=source, is_brought=False, others=tuple(others))


def brought_trust(path: Path, key: str | None) -> TrustedKey:
    """A trust policy; `key` where it names no log. Raises `FileTrouble`."""
    policy = trust_policy_in(path)
    if policy.logs and key is not None:
        raise FileTrouble(f"the trust policy `{path}` names the journal's key; leave --key out")
    if not policy.logs and key is None:
        raise FileTrouble(f"the trust policy `{path}` has no line `log KEY`; add it, or give the key with --key")
    first, *others = policy.logs if key is None else brought_key(key).keys
    source = f"the trust policy {path}"
    return TrustedKey(verifier=first, source=source, is_brought=True, policy=policy, others=tuple(others))


def trust_policy_in(path: Path) -> TrustPolicy:
    """Raises `FileTrouble`."""
    try:
        return read_trust_policy(small_text(path, "the trust policy").encode())
    except BadTrustPolicy as error:
        raise FileTrouble(f"the trust policy `{path}` can't be used: {error}") from error


def kept_checkpoint(path: Path) -> SignedSize:
    """A signed note that was taken away earlier. Raises `FileTrouble` where the file holds none; whether the key signed
    it is found out with the others."""
    note = small_text(path, "the checkpoint")
    size = stated_size(note)
    if size is None:
        raise FileTrouble(f"the checkpoint `{path}` is none; give a file with a signed note, as an export has it")
    return SignedSize(size, f"the checkpoint in `{path}`", note, is_kept=True)
