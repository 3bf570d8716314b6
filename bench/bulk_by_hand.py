"""bench/bulk_policy/release.yaml as a careful person writes it for DuckDB: the fastest form found, not the shortest.

Smaller numbers instead of rates, and a division only where rounding can change the answer.
"""

from __future__ import annotations

AS_OF_DAY = 20_635

RULES = (
    ("account-closed", "account_status = 'closed'", "reject"),
    ("account-blocked", "account_status = 'blocked'", "hold"),
    ("insolvency", "checked AND account_insolvent", "reject"),
    ("legal-action", "checked AND account_litigation", "hold"),
    ("unrated", "checked AND grade = 'unrated'", "hold"),
    ("over-limit", "checked AND account_limit_status = 'limited' AND exposure_after > limit_with_tolerance", "hold"),
    ("no-limit", "checked AND account_limit_status = 'none'", "hold"),
    ("limit-expired", f"checked AND account_limit_until IS NOT NULL AND account_limit_until < {AS_OF_DAY}", "hold"),
    (
        "group-limit",
        "checked AND account_group_limit IS NOT NULL "
        "AND (account_group_exposure + order_amount) * 20 > account_group_limit * 21",
        "hold",
    ),
    ("single-order", "checked AND order_amount > single_order_max", "hold"),
    ("overdue-share", "checked AND account_overdue_amount * 10 > account_credit_limit", "hold"),
    ("oldest-overdue", "checked AND account_overdue_amount > 0 AND account_days_overdue_max > 30", "hold"),
    ("dunning-level", "checked AND account_dunning_level > 2", "hold"),
    ("disputed-share", "checked AND account_disputed_amount * 4 > account_open_invoices", "hold"),
    ("broken-promises", "checked AND account_broken_promises > 1", "hold"),
    ("terms-longer", "checked AND order_payment_days > net_days", "hold"),
    ("deposit-missing", "checked AND order_amount * deposit_tenths - deposit_paid * 10 > 5", "approve_with_conditions"),
    ("prepayment-due", "order_prepayment AND order_amount > deposit_paid", "approve_with_conditions"),
)


def query() -> str:
    """Gives `outcome`, `fired_1` and `undetermined_1` over the relation `facts`."""
    rules = ", ".join(f"{test} AS r{i}" for i, (_, test, _) in enumerate(RULES))
    fired = " + ".join(f"CASE WHEN r{i} THEN {1 << i} ELSE 0 END" for i in range(len(RULES)))
    unknown = " + ".join(f"CASE WHEN r{i} IS NULL THEN {1 << i} ELSE 0 END" for i in range(len(RULES)))
    return _QUERY.format(
        rules=rules,
        fired=fired,
        unknown=unknown,
        reject=_bits("reject"),
        hold=_bits("hold"),
        conditions=_bits("approve_with_conditions"),
    )


def _bits(outcome: str) -> int:
    return sum(1 << i for i, (_, _, said) in enumerate(RULES) if said == outcome)


_QUERY = """
WITH scored AS (
  SELECT *,
    CASE WHEN account_current_ratio < 1000000 THEN 0 WHEN account_current_ratio < 1500000 THEN 8
         WHEN account_current_ratio < 2000000 THEN 12 WHEN account_current_ratio IS NULL THEN 5 ELSE 15 END
    + CASE WHEN account_debt_ratio <= 400000 THEN 15 WHEN account_debt_ratio <= 600000 THEN 10
           WHEN account_debt_ratio <= 800000 THEN 5 WHEN account_debt_ratio IS NULL THEN 5 ELSE 0 END
    + CASE WHEN account_on_time_rate >= 950000 THEN 20 WHEN account_on_time_rate >= 850000 THEN 15
           WHEN account_on_time_rate >= 700000 THEN 8 WHEN account_on_time_rate IS NULL THEN 5 ELSE 0 END
    + CASE WHEN account_broken_promises >= 2 THEN 0 WHEN account_broken_promises = 1 THEN 5
           WHEN account_broken_promises IS NULL THEN 3 ELSE 10 END AS score,
    COALESCE(order_deposit_paid, 0) AS deposit_paid,
    NOT order_prepayment AS checked,
    account_credit_limit * 21 AS limit_by_20
  FROM facts
), graded AS (
  SELECT *,
    CASE WHEN account_insolvent THEN 'E' WHEN account_insolvent IS NULL THEN NULL
         WHEN account_assessed_on IS NULL THEN 'unrated' WHEN score >= 50 THEN 'A' WHEN score >= 40 THEN 'B'
         WHEN score >= 30 THEN 'C' WHEN score >= 15 THEN 'D' ELSE 'E' END AS grade,
    account_open_invoices + account_delivered_not_invoiced + account_open_orders + order_amount - deposit_paid
      AS exposure_after,
    limit_by_20 // 20 AS whole_limit
  FROM scored
), granted AS (
  SELECT *,
    CASE grade WHEN 'A' THEN 60 WHEN 'B' THEN 45 WHEN 'C' THEN 30 WHEN 'D' THEN 15 WHEN 'unrated' THEN 15
               WHEN 'E' THEN 0 END AS net_days,
    CASE grade WHEN 'A' THEN 0 WHEN 'B' THEN 0 WHEN 'C' THEN 1 WHEN 'D' THEN 3 WHEN 'unrated' THEN 3
               WHEN 'E' THEN 10 END AS deposit_tenths,
    CASE grade WHEN 'A' THEN 20000000 WHEN 'B' THEN 10000000 WHEN 'C' THEN 5000000 WHEN 'D' THEN 2000000
               WHEN 'unrated' THEN 2000000 WHEN 'E' THEN 500000 END AS single_order_max,
    whole_limit + CASE WHEN limit_by_20 - whole_limit * 20 > 10
        OR (limit_by_20 - whole_limit * 20 = 10 AND whole_limit & 1 = 1) THEN 1 ELSE 0 END AS limit_with_tolerance
  FROM graded
), judged AS (
  SELECT {rules} FROM granted
), masked AS (
  SELECT {fired} AS fired_1, {unknown} AS undetermined_1 FROM judged
)
SELECT
  CASE WHEN fired_1 & {reject} <> 0 THEN 'reject'
       WHEN fired_1 & {hold} <> 0 OR undetermined_1 <> 0 THEN 'hold'
       WHEN fired_1 & {conditions} <> 0 THEN 'approve_with_conditions' ELSE 'approve' END AS outcome,
  fired_1, undetermined_1
FROM masked
"""
