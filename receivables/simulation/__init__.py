"""Simulation: what a change of policies would do to cases that were really there, with all that follows and the money.

    cases (journal, NDJSON, policy tests)  →  `simulate`: each decided by both sets  →  `Simulation`: groups of cases
    that are decided otherwise, and sums

    `quick_decisions`     decides one case without its texts, by the generated Python form
    `simulate`            both sets side by side: outcomes, conditions, reasons; each subject once
    `simulation_report`   the groups for people, on a terminal or as a page; `simulation_texts` holds the sentences

A case that is decided otherwise only because a fact is missing that the other set doesn't ask for is no flip: nobody
can tell. Only the cases themselves are decided again: that an approval changes the exposure of the next order is not
followed. How past orders were paid is the backtest's to join (`receivables.backtest`).
"""
