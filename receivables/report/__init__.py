"""Reports for people: what they are made of, and how they become a page or text on a terminal.

    figures of a portfolio or backtest
        → `portfolio_report`, `backtest_report`   choose tables, charts and sentences, in one language
        → `parts.Report`                          sections of paragraphs, tables and charts, all text
        → `html_page.html`                        one HTML file that opens offline and prints; charts by `svg`
        → `terminal_text.print_report`            the tables on a terminal

`figure_formatter.FigureFormatter` writes amounts, shares and days, and picks a text's language; `report_texts` holds
the texts that several reports use, in English and Chinese. Nothing here knows what the figures mean. Start with
`parts`.
"""
