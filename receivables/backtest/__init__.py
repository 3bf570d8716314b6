"""Backtest: what a policy set would have done with past orders, and how those were really paid.

Each invoice of a history stands for the order it came from. The flow, module by module:

    `run_backtest`      composes all of it: `BacktestRequest` → `Backtest`
    `backtest`          each order with the facts known as its day opened → decisions → `BacktestTally`, sums of orders
                        that were decided and paid alike
    `replay`            decides orders one by one, on the generated Python form
    `replay_sql`        decides them by the thousands, on DuckDB, with the same answers
    `backtest_figures`  the tally → `BacktestFigures`: lateness by outcome, lift, precision and recall, effect on DSO,
                        what each rule did; with two policy sets, the orders that flip
    `uncertainty`       how far lift and held share are luck, from the sums of each customer
    `backtest_report`   the figures for people, with `report_backtest_summary`, `report_policy_set` and
                        `report_comparison`; `backtest_texts` holds the sentences
    `backtest_json`     the figures for programs

Nothing is taken from the future: `receivables.payment_record` cuts every fact off before the day of the order. Start
with `backtest`; definitions and sources are in docs/backtest.md.
"""
