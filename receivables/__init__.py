"""Receivables: what a ledger's items say about customers and about the whole book.

The noun of this room is `items.Item`, an invoice or credit note with its dates and amounts; everything else follows
from items, exactly: dates are days since 1970-01-01, amounts are minor units, shares and ratios are fractions, and
nothing is rounded before it is written out. The room is pure but for reading files through `files`; the clock is an
argument.

What can be asked of items:

    `account_facts`     the facts of one customer that policies decide on (open, overdue, paid on time, average days
                        late …), as a day opens or closes. The one place where they are defined.
    `payment_record`    the same facts for every past order of a history, by running totals
    `figures`           the figures of a whole book: aging, DSO, collection effectiveness, concentration
    `ratios`            a ratio is an exact fraction, or the reason why it has no meaning
    `months`            calendar months and quarters of day numbers
    `default_policies`  the policies that reports know by name, and what is empty without them

Definitions that all of them share:

    open      issued by the day and not settled by it; a credit note is open with a negative amount
    overdue   open, an invoice, and due on an earlier day; due today is not overdue
              (its share is of the open invoices, credit notes apart)
    paid      settled in full; paid in advance counts as paid on the day of issue
    as of     a *day closes* after everything that happened on it (a report of that day), a *day opens* before any of it
              (an order of that day is decided on what was known that morning)

Who uses them:

    history/    files of past invoices         ┐
    backtest/   past orders decided again      ┘ → report/, JSON
    portfolio/  files of open and paid items     → report/, JSON
    the ledger  asks `account_facts` about the items it stores; with dates alone, `items_as_of` gives them as they stood

Start with `items`, then `account_facts`.
"""
