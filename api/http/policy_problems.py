"""Why a change of policies can't be made, as problems: by the code of `ledger.policies.states.ActRefused`."""

from __future__ import annotations

from collections.abc import Mapping

from api.http.problem_kind import ProblemKind

POLICY_PROBLEMS: Mapping[str, ProblemKind] = {
    kind.slug: kind
    for kind in (
        ProblemKind("unknown-proposal", 404, "No such proposal", "List them to see their numbers."),
        ProblemKind(
            "approver-is-author",
            403,
            "Another person approves",
            "Nobody approves, rejects or activates what they drafted or edited, by whichever key; nor does who made "
            "the key by which it was done. That is on record.",
        ),
        ProblemKind(
            "person-needed",
            403,
            "This takes a person",
            "A program approves nothing by itself: a person's key, or a name to act for. That is on record.",
        ),
        ProblemKind(
            "approval-missing", 409, "Not approved yet", "Too few persons approved exactly what the proposal says now."
        ),
        ProblemKind(
            "proposal-changed",
            409,
            "It was edited since",
            "The digest is not that of the proposal as it is now; `digest` is. Look at it again before you act on it.",
        ),
        ProblemKind("proposal-state", 409, "Not possible in this state", "The detail says how it stands."),
        ProblemKind(
            "draft-changed",
            412,
            "The draft was edited since",
            "`If-Match` names a revision, and the draft has another one by now; `revision` says which.",
        ),
        ProblemKind(
            "base-moved",
            409,
            "Another set came between",
            "By its instant another set is in force than the one that it changes, and nobody has approved what the two "
            "changes do together.",
        ),
        ProblemKind(
            "activation-in-the-past",
            422,
            "The instant is past or too near",
            "A set is made ready in every process before its instant, which takes up to a minute.",
        ),
        ProblemKind("instant-taken", 409, "The instant is taken", "Two sets can't take effect at one instant."),
        ProblemKind(
            "policies-have-mistakes", 422, "The files have mistakes", "`mistakes` lists them, with their places."
        ),
        ProblemKind(
            "invariant-not-proved",
            409,
            "What must hold is not proved",
            "An invariant of level must is refuted or undecided; `invariants` names it. Nobody can acknowledge that.",
        ),
        ProblemKind(
            "tests-not-acknowledged",
            409,
            "Something is to be acknowledged",
            "`items` names what is to be mended, or acknowledged in words: failing tests, refuted goals, facts.",
        ),
        ProblemKind(
            "proofs-unavailable",
            409,
            "Nothing can be proved here",
            "The service has no solver; install the extra `proofs`. That nothing was refuted is no proof.",
        ),
        ProblemKind(
            "version-does-not-check",
            409,
            "That set can't decide any more",
            "It doesn't check under this engine; `mistakes` says why. Propose a mended copy.",
        ),
    )
}
"""By code."""

POLICIES_CHANGING = ProblemKind(
    "policies-changing",
    503,
    "Other policies come into force",
    "Another set is in force than the one by which this process decides, and it has not caught up yet. Nothing was "
    "decided; try again.",
)
