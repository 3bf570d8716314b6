"""What Prometheus can ask for. Each app has its own registry, so that several can live in one process.

Where several workers share one socket, whoever is asked answers for all of them: each keeps what it counts in files of
a folder (`PROMETHEUS_MULTIPROC_DIR`), which prometheus-client adds up. Counters and histograms are sums over the
workers, also over those that have ended; a gauge is the sum or the greatest of those that live.

Labels are words that the service knows: kinds of case, outcomes, ids of rules, types of problems. What a caller sends
never becomes one: each new label is a series that is kept for as long as the process lives.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from engine.deciding.decision import Decision
from engine.ruleset.ruleset import ENGINE_DISAGREEMENT
from ledger.journal.journal import Commit

SECONDS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Bounds of the histograms of time: close where decisions and commits mostly lie, one to ten milliseconds."""

RECORDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Bounds of how many records shared one commit: 1 is an idle service, large numbers one that waits for its disk."""


SHARE_SECONDS = 1.0
"""How often a worker's gauges are brought up to date for the others."""


class Metrics:
    """Counters, gauges and histograms of one app, in a registry of its own. docs/operations.md says what each is for.

    `watch_…` are called once, when the app is made: what they are given is read whenever Prometheus asks.
    """

    def __init__(self) -> None:
        to = self.registry = CollectorRegistry()
        self.is_shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        self._watched: list[tuple[Gauge, Callable[[], float]]] = []
        self._version = ""
        self._decisions = Counter("credence_decisions", "Decisions answered.", ["case", "outcome"], registry=to)
        self._rule_hits = Counter(
            "credence_rule_hits", "Rules that gave a reason in a decision.", ["rule"], registry=to
        )
        self._disagreements = Counter(
            "credence_engine_disagreements", "Decisions on which the two matchers differ.", registry=to
        )
        self._seconds = Histogram(
            "credence_decision_seconds",
            "From the first byte of the request to the journaled answer.",
            buckets=SECONDS,
            registry=to,
        )
        self._problems = Counter(
            "credence_problems", "Requests answered with a problem document.", ["type"], registry=to
        )
        self._refused_roles = Counter(
            "credence_refused_by_role",
            "Requests refused for want of a role, by the roles there were.",
            ["role"],
            registry=to,
        )
        self._commit_records = Histogram(
            "credence_journal_commit_records", "Records that shared one commit.", buckets=RECORDS, registry=to
        )
        self._commit_seconds = Histogram(
            "credence_journal_commit_seconds", "Time of one commit.", buckets=SECONDS, registry=to
        )
        self._commit_failures = Counter(
            "credence_journal_commit_failures", "Commits that did not reach the disk.", registry=to
        )
        self._loads = Counter("credence_policy_loads", "Policy sets tried, by result.", ["result"], registry=to)
        self._webhook_tries = Counter(
            "credence_webhook_tries", "Tries to send an event, by result.", ["result"], registry=to
        )
        self._make_gauges()
        self._outcomes: dict[tuple[str, str], Callable[[], None]] = {}
        self._rules: dict[str, Callable[[], None]] = {}
        for result in ("success", "failure"):
            self._loads.labels(result)
        for result in ("delivered", "failed", "dead"):
            self._webhook_tries.labels(result)

    def _make_gauges(self) -> None:
        """Of several workers each gauge is the sum, or the greatest."""

        def gauge(name: str, meaning: str, *labels: str, is_sum: bool = False) -> Gauge:
            mode: Literal["livesum", "livemax"] = "livesum" if is_sum else "livemax"
            return Gauge(f"credence_{name}", meaning, labels, registry=self.registry, multiprocess_mode=mode)

        self._waiting = gauge("journal_waiting", "Records that wait for the next commit.", is_sum=True)
        self._log_bytes = gauge(
            "journal_wal_bytes", "Size of the journal's write-ahead log; grows beside a long reader."
        )
        self._unsigned = gauge(
            "journal_unsigned_seconds", "For how long there have been records that no checkpoint covers."
        )
        self._unwitnessed = gauge(
            "journal_unwitnessed_records", "Records that no checkpoint covers which witnesses cosigned as is asked."
        )
        self._unwitnessed_age = gauge(
            "journal_unwitnessed_seconds", "Since the first of these records was recorded; 0 where there are none."
        )
        self._witnesses_late = gauge(
            "journal_witnesses_late", "1 while that is longer than CREDENCE_WITNESSED_WITHIN_HOURS."
        )
        self._clock_behind = gauge("clock_behind_seconds", "How far the clock is behind the journal's last record.")
        self._insecure = gauge("insecure_local", "1 while nobody is asked for a key.")
        self._connections = gauge("connections", "Connections that are open.", is_sum=True)
        self._policy = gauge("policy_info", "The policy set in force.", "version")
        self._policy_since = gauge("policy_in_force_since_seconds", "Unix time of its taking effect.")
        self._policy_failed = gauge("policy_change_failed", "1 while the files in the folder do not check.")
        self._policy_pending = gauge(
            "policy_change_pending",
            "1 while a change that takes a file, a policy or a rule away waits to be activated.",
        )

        self._webhook_waiting = gauge("webhook_waiting", "Events that have not arrived and are tried again.")
        self._webhook_age = gauge("webhook_oldest_seconds", "Since the oldest of them was recorded.")
        self._webhook_dead = gauge("webhook_dead_letters", "Events that are not tried any more.")

    def watch_journal(
        self, waiting: Callable[[], int], log_bytes: Callable[[], int], unsigned_seconds: Callable[[], float]
    ) -> None:
        """`waiting` counts records that wait for the disk, `log_bytes` is the size of the write-ahead log,
        `unsigned_seconds` says for how long there have been records that no checkpoint covers."""
        self._watch(self._waiting, waiting)
        self._watch(self._log_bytes, log_bytes)
        self._watch(self._unsigned, unsigned_seconds)

    def watch_clock(self, seconds_behind: Callable[[], float]) -> None:
        """`seconds_behind` the last record of the journal."""
        self._watch(self._clock_behind, seconds_behind)

    def watch_connections(self, count: Callable[[], int]) -> None:
        """`count` of the open connections."""
        self._watch(self._connections, count)

    def asks_for_keys(self, asks: bool) -> None:  # noqa: FBT001  # the one thing that it says
        """Whether callers need a key; once, at the start."""
        self._insecure.set(not asks)

    def decided(self, decision: Decision, seconds: float) -> None:
        """One decision has been answered, `seconds` after its request began.

        Keeps the bound `inc` of each label: looking a label up costs more than counting.
        """
        key = (decision.case, decision.outcome)
        count = self._outcomes.get(key)
        if count is None:
            count = self._outcomes[key] = self._decisions.labels(*key).inc
        count()
        for reason in decision.reasons:
            if reason.waived:
                continue
            hit = self._rules.get(reason.rule)
            if hit is None:
                hit = self._rules[reason.rule] = self._rule_hits.labels(reason.rule).inc
            hit()
            if reason.rule == ENGINE_DISAGREEMENT:
                self._disagreements.inc()
        self._seconds.observe(seconds)

    def refused(self, problem: str) -> None:
        """`problem` is the last part of the problem document's type."""
        self._problems.labels(problem).inc()

    def refused_by_role(self, roles: Iterable[str]) -> None:
        """Somebody with these roles may not what they asked for."""
        for role in sorted(roles) or ["none"]:
            self._refused_roles.labels(role).inc()

    def committed(self, commit: Commit) -> None:
        """Called by the journal's thread."""
        self._commit_seconds.observe(commit.seconds)
        if commit.failed:
            self._commit_failures.inc()
        else:
            self._commit_records.observe(commit.records)

    def policy_taken(self, version: str, since: float) -> None:
        """As `PolicyObserver` says."""
        self._loads.labels("success").inc()
        if version != self._version:
            if self._version and self.is_shared:  # what is in the file can't be taken out
                self._policy.labels(self._version).set(0)
            elif self._version:
                self._policy.remove(self._version)
        self._version = version
        self._policy.labels(version).set(1)
        self._policy_since.set(since)

    def policy_failed(self) -> None:
        """As `PolicyObserver` says."""
        self._loads.labels("failure").inc()

    def policy_change(self, *, failed: bool, pending: bool) -> None:
        """As `PolicyObserver` says."""
        self._policy_failed.set(failed)
        self._policy_pending.set(pending)

    def webhook_tried(self, result: str) -> None:
        """As `SenderObserver` says."""
        self._webhook_tries.labels(result).inc()

    def webhooks_wait(self, *, waiting: int, oldest_seconds: float, dead: int) -> None:
        """As `SenderObserver` says."""
        self._webhook_waiting.set(waiting)
        self._webhook_age.set(oldest_seconds)
        self._webhook_dead.set(dead)

    def witnessed(self, *, records: int, seconds: float, late: bool) -> None:
        """How many records no witness vouches for, and since when; whether that is too long."""
        self._unwitnessed.set(records)
        self._unwitnessed_age.set(seconds)
        self._witnesses_late.set(late)

    async def share(self, stop: asyncio.Event) -> None:
        """Keeps what is watched up to date for the other workers, until `stop`."""
        while self.is_shared and not stop.is_set():
            self._sample()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SHARE_SECONDS)

    def text(self) -> bytes:
        """All of it in the Prometheus text format; of several workers together."""
        if not self.is_shared:
            return generate_latest(self.registry)
        self._sample()
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # the library has no types here
        return generate_latest(together)

    def _watch(self, gauge: Gauge, value: Callable[[], float]) -> None:
        """Asked when Prometheus asks; of several workers each keeps its own in a file."""
        if self.is_shared:
            self._watched.append((gauge, value))
        else:
            gauge.set_function(value)

    def _sample(self) -> None:
        for gauge, value in self._watched:
            gauge.set(value())
