"""The default order policies (rules/*.yaml) as a careful person writes them for DuckDB: the fastest form known.

Thresholds are those of the parameters in force on 2026-07-01. `bench.bulk` compares every row with the generated SQL
before it times anything, so this text can't be right for other policies unnoticed. It is for amounts below 9 * 10**12
minor units, where DuckDB would otherwise stop with an overflow. What was tried, in processor time over a million rows:

- Alternatives as CASE branches, never OR: a test in a branch runs on the rows left, an OR on all of them, and with
  three values. The whole query took a sixth less.
- Each rule gives a number, its bit where it fires and the bit 32 places higher where it is undetermined: half the work
  of two masks. Rules that start with the same condition are summed first and the condition is tested once.
- A release is in force where no rule against it fires, so its rules are not written twice.
- A grade is a multiple of six, and what a table gives it six bits of a constant: half the time of a CASE.
- `list_position` of an enumerated text runs on Parquet's dictionary; comparing the text runs on every row.
- Rounding only where its result is needed: `x > round(y / 20)` is `y < x * 20 - 10 + (x & 1)`, half-even and exact.
- For lists, six rules at a time are looked up and the pieces flattened: half the time of joining them as text, and
  two thirds of turning each mask that occurs into a list once and joining.
- A form that stops at the first answer was left out: how fast it is depends on how many orders fail.
"""

from __future__ import annotations

from collections.abc import Sequence

AS_OF_DAY = 20_635
"""2026-07-01."""
RELEASED_SINCE = AS_OF_DAY - 30
REVIEWED_MONTHLY, REVIEWED_QUARTERLY, REVIEWED_YEARLY = 20_574, 20_513, 20_240
"""2026-05-01, 2026-03-01, 2025-06-01: assessed before, a review is overdue by more than 30 days."""

IDS = (
    "orders.account-closed",
    "orders.account-blocked",
    "orders.insolvency",
    "orders.legal-action",
    "orders.unrated",
    "orders.assessment-outdated",
    "orders.no-limit",
    "orders.zero-limit",
    "orders.over-limit",
    "orders.limit-expired",
    "orders.group-limit",
    "orders.single-order",
    "orders.concentration",
    "orders.overdue-amount",
    "orders.overdue-share",
    "orders.oldest-overdue",
    "orders.dunning-level",
    "orders.disputed-share",
    "orders.seriously-late",
    "orders.broken-promises",
    "orders.terms-longer",
    "orders.discount-better",
    "orders.deposit-missing",
    "orders.security-missing",
    "orders.security-expired",
    "orders.insurance-expired",
    "orders.insured-limit-exceeded",
    "orders.insurance-wanted",
    "orders.prepayment-due",
    "release.released",
    "release.too-old",
    "release.outgrown",
    "release.above-authority",
    "release.own-order",
    "release.own-customer",
    "release.second-person-missing",
)
"""Bits 0 to 35 of the masks."""

_UNSURE = 1 << 32
A, B, C, D, E, UNRATED = range(0, 36, 6)


def masks(*carried: str) -> str:
    """A query over the relation `facts` that gives the `carried` facts, `outcome`, `fired_1` and `undetermined_1`."""
    kept = "".join(f"{name}, " for name in carried)
    return _QUERY.replace("/* carried */", kept)


def lists(*carried: str) -> str:
    """The same with lists of rule ids, `fired` and `undetermined`."""
    kept = "".join(f"{name}, " for name in carried)
    return f"""
SELECT {kept}outcome, {_list("fired_1")} AS fired, {_list("undetermined_1")} AS undetermined
FROM ({masks(*carried)})
"""


def _list(mask: str, bits: int = 6) -> str:
    """Six rules at a time: of 5 to 10 among the fastest."""
    pieces = []
    for shift in range(0, len(IDS), bits):
        ids = IDS[shift : shift + bits]
        sets = [[id_ for i, id_ in enumerate(ids) if chosen >> i & 1] for chosen in range(1 << len(ids))]
        pieces.append(f"({sets}::VARCHAR[][])[(({mask} >> {shift}) & {(1 << len(ids)) - 1}) + 1]")
    return f"flatten([{', '.join(pieces)}])"


def fires(*bits: int) -> int:
    return sum(1 << bit for bit in bits)


def unsure(*bits: int) -> int:
    return fires(*bits) * _UNSURE


def all_unsure(code: str) -> str:
    """Of rules whose common condition is unknown: each that is not false is undetermined."""
    return f"((({code} | ({code} >> 32)) & {_UNSURE - 1}) << 32)"


def packed(values: Sequence[int], bits: int = 6) -> int:
    return sum(value << bits * i for i, value in enumerate(values))


def looked_up(table: int) -> str:
    return f"(({table} >> grade) & 63)"


def graded(table: int) -> str:
    """An amount from a table in steps of 5,000.00."""
    return f"({looked_up(table)} * 500000)"


NET_DAYS = packed((60, 45, 30, 15, 0, 15))
DEPOSIT_TENTHS = packed((0, 0, 1, 3, 10, 3))
SINGLE_ORDER_MAX = packed((40, 20, 10, 4, 1, 2))
CAPS = packed((0, 0, 0, 10, 0, 4))
ASSISTANT_MAX = packed((2, 2, 1, 0, 0, 0))
CREDIT_MANAGER_MAX = packed((10, 10, 6, 4, 0, 0))
CONTROLLER_MAX = packed((40, 40, 20, 15, 4, 4))
RATING_POINTS = packed((0, 15, 15, 15, 12, 8, 4, 0, 0, 0, 0), bits=4)

HOLDS = fires(1, *range(3, 22), 24, 25, 26)

# `points` is eight times the score plus the number of missing inputs.
# `unlettered` is the order less its letter of credit; `granted` of an unlimited account is beyond every cap.
# `securing` is what fires where more is owed than the own risk allows; `ends` of a guarantee: 2 too early, 1 unknown.
_QUERY = f"""
WITH measured AS (
  SELECT *,
    CASE WHEN account_current_ratio < 1000000 THEN 0 WHEN account_current_ratio < 1500000 THEN 64
         WHEN account_current_ratio < 2000000 THEN 96 WHEN account_current_ratio IS NULL THEN 41 ELSE 120 END
    + CASE WHEN account_debt_ratio <= 400000 THEN 120 WHEN account_debt_ratio <= 600000 THEN 80
           WHEN account_debt_ratio <= 800000 THEN 40 WHEN account_debt_ratio IS NULL THEN 41 ELSE 0 END
    + COALESCE((({RATING_POINTS} >> 4 * list_position(
        ['AAA', 'AA', 'A', 'BBB', 'BB', 'B', 'CCC', 'CC', 'C', 'D'], account_external_rating)) & 15) * 8, 41)
    + CASE WHEN account_on_time_rate >= 900000 THEN 80 WHEN account_on_time_rate >= 700000 THEN 64
           WHEN account_on_time_rate >= 400000 THEN 48 WHEN account_on_time_rate IS NULL THEN 41 ELSE 40 END
    + CASE WHEN account_seriously_late_rate > 250000 THEN 0 WHEN account_seriously_late_rate > 100000 THEN 48
           WHEN account_seriously_late_rate > 50000 THEN 64 WHEN account_seriously_late_rate IS NULL THEN 41
           ELSE 80 END
    + CASE WHEN account_average_days_late > 30 THEN 24 WHEN account_average_days_late > 10 THEN 40
           WHEN account_average_days_late > 3 THEN 56 WHEN account_average_days_late IS NULL THEN 25 ELSE 80 END
    + CASE WHEN account_broken_promises > 1 THEN 0 WHEN account_broken_promises = 1 THEN 40
           WHEN account_broken_promises IS NULL THEN 1 ELSE 80 END
    + CASE WHEN account_litigation THEN 0 WHEN account_litigation IS NULL THEN 0 ELSE 40 END
    + CASE WHEN account_months >= 60 THEN 80 WHEN account_months >= 24 THEN 64
      WHEN account_months >= 6 THEN 40 ELSE 16 END AS points,
    account_open_invoices + account_delivered_not_invoiced + account_open_orders
      - COALESCE(account_deposits_held, 0) AS gross,
    COALESCE(order_deposit_paid, 0) AS paid,
    COALESCE(order_released_amount, order_amount) AS released,
    COALESCE(order_delivery_date, {AS_OF_DAY}) AS delivery,
    CASE WHEN account_guarantee_until < {AS_OF_DAY} THEN 0 WHEN account_guarantee_amount IS NULL THEN 0
      WHEN account_guarantee_until IS NULL THEN NULL ELSE
        (account_guarantee_amount * account_guarantee_cover + 499999
          + ((account_guarantee_amount * account_guarantee_cover // 1000000) & 1)) // 1000000
      END AS guaranteed,
    CASE WHEN account_insured_until < {AS_OF_DAY} THEN 0 WHEN account_insured_limit IS NULL THEN 0
      WHEN account_insured_until IS NULL THEN NULL
         ELSE account_insured_limit END AS insured,
    CASE WHEN account_temporary_until < {AS_OF_DAY} THEN FALSE
      WHEN account_temporary_from > {AS_OF_DAY} THEN FALSE WHEN account_temporary_limit IS NULL THEN FALSE
         WHEN account_temporary_from IS NULL THEN NULL WHEN account_temporary_until IS NULL THEN NULL
         ELSE TRUE END AS temporary,
    list_position(['none', 'limited', 'unlimited'], account_limit_status) AS kind,
    list_position(['assistant', 'credit_manager', 'controller', 'cfo'], order_released_by_role) AS role,
    list_position(['active', 'blocked', 'closed'], account_status) AS status,
    CASE WHEN order_released_on < {RELEASED_SINCE} THEN 1::BIGINT ELSE 0::BIGINT END
      + CASE WHEN order_amount * 20 > order_released_amount * 21 THEN 2
        WHEN order_released_amount IS NULL THEN 512 ELSE 0 END
      + CASE WHEN order_released_by <> order_entered_by THEN 0
        WHEN order_released_by = order_entered_by THEN 8 ELSE 2048 END
      + CASE WHEN order_released_by <> account_sales_person THEN 0 WHEN account_sales_person IS NULL THEN 0
             WHEN order_released_by = account_sales_person THEN 16 ELSE 4096 END AS release_0,
    CASE WHEN account_litigation THEN {fires(3)}::BIGINT WHEN account_litigation IS NULL THEN {unsure(3)}
      ELSE 0::BIGINT END
      + CASE WHEN account_overdue_amount > 1000000 THEN {fires(13)}
        WHEN account_overdue_amount IS NULL THEN {unsure(13)} ELSE 0 END
      + CASE WHEN account_days_overdue_max <= 30 THEN 0 WHEN account_overdue_amount = 0 THEN 0
             WHEN account_days_overdue_max IS NULL THEN {unsure(15)}
             WHEN account_overdue_amount IS NULL THEN {unsure(15)} ELSE {fires(15)} END
      + CASE WHEN account_dunning_level > 2 THEN {fires(16)}
        WHEN account_dunning_level IS NULL THEN {unsure(16)} ELSE 0 END
      + CASE WHEN account_disputed_amount * 4 > account_open_invoices THEN {fires(17)}
             WHEN account_disputed_amount IS NULL THEN {unsure(17)}
             WHEN account_open_invoices IS NULL THEN {unsure(17)} ELSE 0 END
      + CASE WHEN account_seriously_late_rate > 250000 THEN {fires(18)} ELSE 0 END
      + CASE WHEN account_broken_promises > 1 THEN {fires(19)}
        WHEN account_broken_promises IS NULL THEN {unsure(19)} ELSE 0 END AS checks_0
  FROM facts
), graded AS (
  SELECT *,
    CASE WHEN account_insolvent THEN {E}
         WHEN account_insolvent IS NULL THEN CASE WHEN points < 280 AND (points & 7) <= 4
           AND account_assessed_on IS NOT NULL THEN {E} END
         WHEN account_assessed_on IS NULL THEN {UNRATED} WHEN (points & 7) > 4 THEN {UNRATED}
         WHEN points < 280 THEN {E}
         WHEN account_abnormal_operation THEN {D} WHEN points < 400 THEN {D}
         WHEN account_abnormal_operation IS NULL THEN NULL WHEN points < 520 THEN {C} WHEN points < 640 THEN {B}
         ELSE {A} END::BIGINT AS grade,
    order_amount - CASE WHEN delivery > order_letter_of_credit_until THEN 0
      WHEN order_letter_of_credit_amount IS NULL THEN 0
         WHEN order_letter_of_credit_until IS NULL THEN NULL
         WHEN order_letter_of_credit_amount > order_amount THEN order_amount
         ELSE order_letter_of_credit_amount END AS unlettered,
    CASE WHEN temporary THEN account_temporary_limit WHEN temporary IS NULL THEN NULL
      WHEN kind = 2 THEN account_credit_limit
         WHEN kind = 1 THEN 0 WHEN kind = 3 THEN 9000000000000000 END AS granted,
    CASE WHEN released <= 10000000 THEN 0
         WHEN order_second_released_by IS NULL THEN 32 WHEN order_second_released_by = order_released_by THEN 32
         WHEN order_second_released_by = order_entered_by THEN 32
         WHEN order_second_released_by = account_sales_person THEN 32
         WHEN order_released_by IS NULL THEN 8192 WHEN order_entered_by IS NULL THEN 8192 ELSE 0 END AS alone
  FROM measured
), limited AS (
  SELECT *,
    CASE WHEN unlettered < paid THEN 0 ELSE unlettered - paid END AS new_credit,
    CASE WHEN temporary THEN 1 WHEN kind = 3 THEN CASE WHEN grade > {C} THEN 1
      WHEN temporary IS NULL THEN NULL WHEN grade IS NULL THEN NULL ELSE 2 END
         WHEN temporary IS NULL THEN NULL ELSE kind - 1 END AS state,
    CASE WHEN grade < {D} THEN granted WHEN grade IS NULL THEN NULL
         WHEN granted > {graded(CAPS)} THEN {graded(CAPS)} ELSE granted END AS credit_limit,
    CASE WHEN order_released_on IS NULL THEN 0 ELSE release_0 + alone
      + CASE WHEN role = 4 THEN 0
             WHEN released > ((CASE role WHEN 1 THEN {ASSISTANT_MAX} WHEN 2 THEN {CREDIT_MANAGER_MAX}
             WHEN 3 THEN {CONTROLLER_MAX} END >> grade) & 63) * 500000 THEN 4
             WHEN role IS NULL THEN 1024 WHEN grade IS NULL THEN 1024 ELSE 0 END END AS release,
    checks_0
      + CASE WHEN grade = {UNRATED} THEN {fires(4)} WHEN grade IS NULL THEN {unsure(4, 11, 20)} ELSE 0 END
      + CASE WHEN account_assessed_on IS NULL THEN 0
        WHEN grade IS NULL THEN CASE
          WHEN account_insolvent IS NULL AND (points < 400 OR (points & 7) > 4 OR account_abnormal_operation)
          THEN CASE WHEN account_assessed_on < {REVIEWED_MONTHLY} THEN {fires(5)} ELSE 0 END ELSE {unsure(5)} END
        WHEN account_assessed_on >= {REVIEWED_MONTHLY} THEN 0
             WHEN account_assessed_on < {REVIEWED_YEARLY} THEN {fires(5)} WHEN grade >= {D} THEN {fires(5)}
             WHEN grade < {C} THEN 0 WHEN account_assessed_on < {REVIEWED_QUARTERLY} THEN {fires(5)} ELSE 0 END
      + CASE WHEN order_amount + COALESCE(order_related_amount, 0) > {graded(SINGLE_ORDER_MAX)}
        THEN {fires(11)} ELSE 0 END
      + CASE WHEN order_payment_days > {looked_up(NET_DAYS)} THEN {fires(20)}
        WHEN order_payment_days IS NULL THEN CASE WHEN grade IS NULL THEN 0 ELSE {unsure(20)} END ELSE 0 END
      + CASE WHEN order_discount_rate IS NULL THEN 0 WHEN grade IS NULL THEN {unsure(21)}
             WHEN order_discount_rate = 0 THEN 0 WHEN grade > {C} THEN {fires(21)}
             WHEN order_discount_rate > 20000 THEN {fires(21)} WHEN order_discount_days > 10 THEN {fires(21)}
             WHEN order_discount_days IS NULL THEN {unsure(21)} ELSE 0 END AS checks_1
  FROM graded
), released_or_not AS (
  SELECT *,
    gross + new_credit - guaranteed AS unsecured,
    CASE WHEN order_released_on IS NULL THEN FALSE WHEN (release & 63) <> 0 THEN FALSE
      WHEN release <> 0 THEN NULL ELSE TRUE END AS in_force
  FROM limited
), exposed AS (
  SELECT *,
    CASE WHEN order_prepayment THEN FALSE WHEN in_force THEN FALSE WHEN order_prepayment IS NULL THEN NULL
      WHEN in_force IS NULL THEN NULL ELSE TRUE END AS checked,
    CASE WHEN grade = {E} THEN CASE WHEN unsecured > 0 THEN unsecured WHEN unsecured IS NULL THEN NULL
      ELSE 0 END
         WHEN grade IS NULL THEN NULL WHEN unsecured > insured THEN unsecured - insured
         WHEN unsecured IS NULL THEN NULL WHEN insured IS NULL THEN NULL ELSE 0 END AS uncovered,
    CASE WHEN insured = 0 THEN CASE WHEN unsecured < 0 THEN 0 ELSE unsecured END
         WHEN insured IS NULL THEN NULL WHEN account_insured_cover IS NULL THEN NULL
         WHEN unsecured > insured THEN unsecured - (insured * account_insured_cover + 499999 + ((guaranteed
         + insured * account_insured_cover // 1000000) & 1)) // 1000000
         WHEN unsecured > 0 THEN unsecured - (unsecured * account_insured_cover + 499999 + ((guaranteed
         + unsecured * account_insured_cover // 1000000) & 1)) // 1000000
         WHEN unsecured IS NULL THEN NULL ELSE 0 END AS exposure,
    checks_1
      + CASE WHEN state <> 1 THEN 0 WHEN account_overdue_amount * 10 <= credit_limit THEN 0
             WHEN state IS NULL THEN {unsure(14)}
             WHEN account_overdue_amount * 10 > credit_limit THEN {fires(14)} ELSE {unsure(14)} END
      + CASE WHEN grade < {C} THEN CASE WHEN unlettered IS NULL THEN {unsure(22)} ELSE 0 END
             WHEN grade = {E} THEN CASE WHEN unsecured <= 0 THEN 0 WHEN unsecured IS NULL THEN {unsure(22)}
             WHEN unlettered <= paid THEN 0 ELSE {fires(22)} END
             WHEN unlettered * {looked_up(DEPOSIT_TENTHS)} - paid * 10 <= 5 THEN 0
             WHEN unlettered IS NULL THEN {unsure(22)} WHEN grade IS NULL THEN {unsure(22)}
             ELSE {fires(22)} END AS checks
  FROM released_or_not
), secured AS (
  SELECT *,
    CASE WHEN grade < {C} THEN 0
         WHEN grade = {C} THEN CASE WHEN account_insured_limit IS NULL THEN {fires(27)}
         WHEN account_insured_until < {AS_OF_DAY} THEN {fires(25)}
           WHEN account_insured_until IS NULL THEN {unsure(25, 26)} ELSE {fires(26)} END
         WHEN grade = {E} THEN {fires(23)}
         WHEN account_insured_limit IS NULL THEN CASE WHEN grade IS NULL THEN {unsure(23, 27)}
         ELSE {fires(23)} END
         WHEN account_insured_until < {AS_OF_DAY} THEN CASE WHEN grade IS NULL THEN {unsure(23, 25)}
         ELSE {fires(25)} END
         WHEN account_insured_until IS NULL THEN CASE WHEN grade IS NULL THEN {unsure(23, 25, 26)}
         ELSE {unsure(25, 26)} END
         ELSE CASE WHEN grade IS NULL THEN {unsure(23, 26)} ELSE {fires(26)} END END::BIGINT AS securing_0,
    CASE WHEN account_guarantee_amount IS NULL THEN 0
      WHEN account_guarantee_until < order_payment_days + delivery THEN 2
         WHEN account_guarantee_until IS NULL THEN 1 WHEN order_payment_days IS NULL THEN 1 ELSE 0 END AS ends,
    CASE WHEN grade < {C} THEN FALSE WHEN grade <> {C} THEN uncovered > 0 WHEN uncovered IS NULL THEN NULL
      WHEN state IS NULL THEN NULL
         WHEN state = 2 THEN FALSE ELSE credit_limit < uncovered * 2 - 1 + (uncovered & 1) END AS risky,
    0::BIGINT
      + CASE state WHEN 2 THEN 0 WHEN 0 THEN {fires(6)}
          WHEN 1 THEN CASE
            WHEN credit_limit > 0 THEN
            CASE WHEN credit_limit * 21 < exposure * 20 - 10 + (exposure & 1) THEN {fires(8)}
              WHEN exposure IS NULL THEN {unsure(8)} ELSE 0 END
            WHEN credit_limit = 0 THEN CASE WHEN exposure > 0 THEN {fires(7)}
            WHEN exposure IS NULL THEN {unsure(7)} ELSE 0 END
            ELSE {unsure(8)} + CASE WHEN exposure = 0 THEN 0 ELSE {unsure(7)} END END
          ELSE {unsure(6)} + CASE WHEN credit_limit > 0 THEN 0 WHEN exposure = 0 THEN 0 ELSE {unsure(7)} END
             + CASE WHEN credit_limit = 0 THEN 0
               WHEN credit_limit * 21 >= exposure * 20 - 10 + (exposure & 1) THEN 0 ELSE {unsure(8)} END END
      + CASE WHEN account_limit_until < {AS_OF_DAY} THEN CASE WHEN temporary THEN 0 WHEN state = 0 THEN 0
        WHEN state IS NULL THEN {unsure(9)} WHEN temporary IS NULL THEN {unsure(9)} ELSE {fires(9)} END
        ELSE 0 END
      + CASE WHEN account_group_limit IS NULL THEN 0
        WHEN (account_group_exposure + new_credit) * 20 > account_group_limit * 21 THEN {fires(10)}
             WHEN account_group_exposure IS NULL THEN {unsure(10)} WHEN new_credit IS NULL THEN {unsure(10)}
             ELSE 0 END
      + CASE WHEN exposure * 5 > account_receivables_total THEN {fires(12)}
        WHEN exposure IS NULL THEN {unsure(12)} WHEN account_receivables_total IS NULL THEN {unsure(12)}
        ELSE 0 END AS credit
  FROM exposed
), ended AS (
  SELECT *,
    CASE WHEN ends = 0 THEN securing_0 WHEN grade = {C} THEN securing_0
         WHEN ends = 2 THEN securing_0 & {~(fires(23) | unsure(23))} WHEN grade IS NULL THEN securing_0
         WHEN securing_0 = {fires(23)} THEN {unsure(23)} ELSE securing_0 END AS securing,
    credit + CASE WHEN ends = 0 THEN 0 WHEN grade < {D} THEN 0 WHEN uncovered + guaranteed = 0 THEN 0
         WHEN ends = 1 THEN {unsure(24)} WHEN grade IS NULL THEN {unsure(24)}
         WHEN uncovered IS NULL THEN {unsure(24)} WHEN guaranteed IS NULL THEN {unsure(24)}
         ELSE {fires(24)} END AS credit_1
  FROM secured
), together AS (
  SELECT *, credit_1 + CASE WHEN NOT risky THEN 0 WHEN risky THEN securing
    ELSE {all_unsure("securing")} END AS adding FROM ended
), coded AS (
  SELECT /* carried */ release, in_force,
    CASE WHEN checked THEN checks WHEN checked IS NULL THEN {all_unsure("checks")} ELSE 0 END
    + CASE WHEN NOT checked THEN 0 WHEN new_credit = 0 THEN 0 WHEN checked IS NULL THEN {all_unsure("adding")}
      WHEN new_credit > 0 THEN adding ELSE {all_unsure("adding")} END
    + CASE status WHEN 3 THEN 1 WHEN 1 THEN 0 WHEN 2 THEN
        CASE WHEN NOT in_force THEN 2 WHEN account_blocked_since IS NULL THEN 2
          WHEN account_blocked_since > order_released_on THEN 2 WHEN in_force IS NULL THEN {unsure(1)}
          ELSE 0 END
        ELSE {unsure(0)} + CASE WHEN in_force AND account_blocked_since <= order_released_on THEN 0
        ELSE {unsure(1)} END END
    + CASE WHEN order_prepayment THEN CASE WHEN order_amount > paid THEN {fires(28)} ELSE 0 END
           WHEN order_prepayment IS NULL THEN CASE WHEN NOT account_insolvent THEN 0 ELSE {unsure(2)} END +
           CASE WHEN order_amount > paid THEN {unsure(28)} ELSE 0 END
           WHEN account_insolvent THEN 4 WHEN account_insolvent IS NULL THEN {unsure(2)} ELSE 0 END AS code
  FROM together
), masked AS (
  SELECT /* carried */
    (code & {_UNSURE - 1}) + ((release & 63) << 30) + CASE WHEN in_force THEN {fires(29)} ELSE 0 END AS fired_1,
    (code >> 32) + ((release >> 8) << 30)
      + CASE WHEN in_force IS NULL THEN {fires(29)} ELSE 0 END AS undetermined_1
  FROM coded
)
SELECT /* carried */
  CASE WHEN (fired_1 & {fires(0, 2)}) <> 0 THEN 'reject'
       WHEN undetermined_1 <> 0 OR (fired_1 & {HOLDS}) <> 0 THEN 'hold'
       WHEN (fired_1 & {fires(22, 23, 28)}) <> 0 THEN 'approve_with_conditions' ELSE 'approve' END AS outcome,
  fired_1, undetermined_1
FROM masked
"""
