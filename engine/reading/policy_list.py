"""A site's list of its policies, `policies:` in rules/facts.yaml, held against the policies that its files hold.

Without it a policy whose file is gone leaves no trace: the set that is left checks, and approves what it held before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePath

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import clipped
from engine.reading.document import Document, Node
from engine.reading.fields import FieldReader
from engine.reading.policy import Policy

SITE_FACTS = "facts.yaml"
"""The file of a site's own facts, in the folder of its policies."""

_FOLDER = "rules"


def no_site_facts(names: Collection[str], policies: Iterable[Policy]) -> Diagnostic:
    """The diagnostic for a set of files without facts.yaml, with the keys to write. `names` are the files' names."""
    folder = PurePath(min(names)).parent if names else PurePath(_FOLDER)
    place = Place((folder / SITE_FACTS).as_posix(), 1, 1)
    listed = ", ".join(sorted(policy.name for policy in policies)) or "…"
    message = f"there is no `{SITE_FACTS}`, which says the currency and lists the policies"
    return Diagnostic(place, ErrorCode.P035, message, f"write one with `currency: …` and `policies: [{listed}]`")


def check_policy_list(site: Document, policies: Collection[Policy], unread: Collection[str]) -> tuple[Diagnostic, ...]:
    """The mistakes of a list of policies: what is listed must be there, and what is there must be listed.

    `site` is facts.yaml; a list that is missing altogether is noted by the reader of facts. `unread` names what files
    that can't be read probably define: it may well be there, so nothing is said of it.
    """
    reader = FieldReader()
    node = site.root.get("policies")
    if node is None:  # which the reader of facts says
        return ()
    listed = _listed(reader, node)
    defined = {policy.name for policy in policies}
    unlisted = defined.difference(listed)
    for name, place in listed.items():
        if name not in defined and name not in unread:
            message = f"the policy `{clipped(name)}` is listed here, but no file defines it"
            meant = nearest(name, unlisted)
            hint = f"did you mean `{meant}`?" if meant else f"put its file back, or delete the line `- {clipped(name)}`"
            reader.mistake(place, ErrorCode.N011, message, hint)
    for policy in policies:
        if policy.name not in listed:
            message = f"the policy `{policy.name}` is not listed in {site.file}"
            reader.mistake(
                policy.place, ErrorCode.N012, message, f"add the line `- {policy.name}` under `policies:` there"
            )
    return in_order(reader.diagnostics)


def _listed(reader: FieldReader, node: Node) -> Mapping[str, Place]:
    """The names on the list with their places, each once."""
    places: dict[str, Place] = {}
    for item in reader.items(node, "the list of policies"):
        name = reader.word(item, "a policy's name")
        if name and name in places:
            reader.mistake(
                item.place, ErrorCode.P006, f"the policy `{clipped(name)}` is listed twice", "delete one of the two"
            )
        elif name:
            places[name] = item.place
    return places
