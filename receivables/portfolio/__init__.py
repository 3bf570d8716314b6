"""Portfolio: how a company's receivables stand on a day, and what its policies say about them.

    `run_portfolio`        composes all of it: `PortfolioRequest` → `Portfolio`
    `portfolio_files`      files in any format → rows of text
    `portfolio_rows`       rows, through an invoice row map → `Book`: the items, and what the map says beside them
    `receivables.figures`  items → aging, quarters with DSO and CEI, concentration
    `portfolio_decisions`  one decision for each customer, each open invoice and the portfolio → grades, loss allowance,
                           early warnings
    `portfolio_report`     all of it for people, with `report_summary`, `report_quarters` and `report_warnings`;
                           `portfolio_formatter` writes figures and titles, `portfolio_texts` holds the sentences
    `portfolio_json`       all of it for programs

Rows read = items in the book + invoices issued later + rejects; a row is never lost. Start with `run_portfolio`;
definitions and sources are in docs/portfolio.md.
"""
