"""Tokens of OIDC issuers (JWT, RFC 7519 and 9068): who brings one, and as what.

What the token itself says of how to check it counts for nothing: algorithms, keys' address, audience and types come
from the settings. Whom it names must be a person whom an admin has added; a stranger with a good token has no role.

    {"iss": "https://login.example.com", "sub": "00u1", "groups": ["credit-desk"]}
        → the person with this issuer and subject, with the roles that `credit-desk` stands for, and the person's
          authority
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from api.http.caller import Caller
from api.http.problems import KeyNeeded
from api.http.signing_keys import SigningKeys
from api.oidc_issuers import Issuer
from ledger.access.access import Access
from ledger.access.roles import Role
from ledger.record.actors import Actor

KEPT_SECONDS = 300
"""For how long a token that was checked isn't checked again: a signature takes 0.1 ms."""

KEPT_MAX = 10_000
_NOT_TAKEN = frozenset({"jku", "jwk", "x5u", "x5c", "crit"})
"""Members of a header by which a token brings its own key, or asks for what is not done here (RFC 7515, 4.1)."""

_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})
"""Claims of tokens that tell an application who has signed in; they open nothing."""


@dataclass(frozen=True, slots=True)
class _CheckedToken:
    """What a token that has been checked says."""

    issuer: str
    subject: str
    roles: frozenset[Role] | None
    """None: those that admins gave."""

    until: float


class IssuerTokens:
    """Checks tokens of these issuers."""

    def __init__(self, issuers: Iterable[Issuer], keys: Mapping[str, SigningKeys] | None = None) -> None:
        self._issuers = {each.issuer: each for each in issuers}
        self._keys = keys or {each.issuer: SigningKeys(each.jwks) for each in self._issuers.values()}
        self._known: dict[bytes, _CheckedToken] = {}

    async def caller(self, token: str, access: Access) -> Caller:
        """Who brings it, with the roles of the moment. Raises `KeyNeeded`."""
        digest, now = sha256(token.encode()).digest(), time.time()
        known = self._known.get(digest)
        if known is None or known.until <= now:
            known = await self._checked(token, now)
            if len(self._known) >= KEPT_MAX:
                self._known.clear()
            self._known[digest] = known
        person = access.state().by_subject.get((known.issuer, known.subject))
        if person is None:
            return Caller(actor=None, shown="whom the token names, and no admin has added,", budget="strangers")
        if not person.active:
            raise KeyNeeded("the person of the token has ended", is_wrong=True)
        return Caller(
            actor=Actor(person=person.identity.id),
            roles=person.roles if known.roles is None else known.roles,
            authority=person.authority,
            login=person.identity.login,
            shown=person.identity.login,
            budget=f"person {person.identity.id}",
        )

    async def _checked(self, token: str, now: float) -> _CheckedToken:
        """Checks a token that isn't known yet, from the cheapest to the dearest: is it one at all, is its issuer
        configured, does its header fit, which key signed it, and last the signature with the times.

        The claim `iss` is read before anything is checked, only to find whose settings count; `_claims` then demands
        the same issuer. Raises `KeyNeeded` at the first thing that is wrong.
        """
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (PyJWTError, ValueError) as error:
            raise KeyNeeded("what is sent is neither a key nor a token", is_wrong=True) from error
        issuer = self._issuers.get(claimed) if isinstance(claimed, str) else None
        if issuer is None:
            raise KeyNeeded("the token's issuer is none of those that are configured", is_wrong=True)
        _check_header(header, issuer)
        key = await self._keys[issuer.issuer].key(header["kid"])
        if key is None or (key.algorithm or header["alg"]) != header["alg"]:
            raise KeyNeeded("the token's key is none of its issuer's, or can't be fetched now", is_wrong=True)
        claims = _claims(token, key.key, header["alg"], issuer)
        until = min(now + KEPT_SECONDS, float(claims["exp"]) + issuer.clock_skew_seconds)
        return _CheckedToken(issuer.issuer, _subject(claims, issuer), _roles(claims, issuer), until)


def _check_header(header: Mapping[str, Any], issuer: Issuer) -> None:
    """Raises `KeyNeeded` for an algorithm or type that isn't configured, and for a token that brings its own key: an
    issuer's keys are those behind its configured address, whatever the token says.
    """
    if header.get("alg") not in issuer.algorithms:
        raise KeyNeeded("the token is signed by an algorithm that is not configured", is_wrong=True)
    types = {each.lower() for each in issuer.token_types}
    if str(header.get("typ", "")).lower().removeprefix("application/") not in types:
        raise KeyNeeded("the token's type is none of those that are configured", is_wrong=True)
    if _NOT_TAKEN & header.keys() or not isinstance(header.get("kid"), str):
        raise KeyNeeded("the token names no key of its issuer's by `kid`, or brings its own", is_wrong=True)


def _claims(token: str, key: Any, algorithm: str, issuer: Issuer) -> dict[str, Any]:
    """Of a token whose signature, issuer, audience and times are right. Whatever fails is a refusal."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=issuer.clock_skew_seconds,
            options={"require": ["exp", "iat", "sub"]},
        )
    except Exception as error:  # a key of another kind than the algorithm's raises what its library raises
        reason = str(error)[:1].lower() + str(error)[1:] if isinstance(error, PyJWTError) else "it can't be checked"
        raise KeyNeeded(f"the token is refused: {reason[:120]}", is_wrong=True) from error
    if _OF_ID_TOKENS & claims.keys() or claims.get("typ") == "ID":
        raise KeyNeeded("an ID token says who has signed in and opens nothing; send an access token", is_wrong=True)
    return claims


def _subject(claims: Mapping[str, Any], issuer: Issuer) -> str:
    """What the issuer calls the person, from the claim that is configured (`sub` unless the settings say another)."""
    subject = claims.get(issuer.person_claim)
    if not isinstance(subject, str) or not subject:
        raise KeyNeeded(f"the token has no text under `{issuer.person_claim}`, which names the person", is_wrong=True)
    return subject


def _roles(claims: Mapping[str, Any], issuer: Issuer) -> frozenset[Role] | None:
    """Those that the values of the claim stand for, and no others; values that stand for none are passed over. A claim
    within another is written with points: `realm_access.roles`."""
    if issuer.roles_claim is None:
        return None
    found: Any = claims.get(issuer.roles_claim)
    if found is None:
        found = claims
        for step in issuer.roles_claim.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(issuer.roles[value] for value in values if isinstance(value, str) and value in issuer.roles)
