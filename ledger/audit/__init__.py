"""Reports for auditors, each line with what proves it: the number of the journal's record and its leaf.

    report_lines     the noun of all reports: lines with columns of their own; as NDJSON and as CSV
    policy_changes   which policy set took effect when, by whom, and what it changed: files, rules, parameters
    access_review    people and keys with roles and authority, and duties that conflict in one hand
    random_sample    records drawn by a seed, so that nobody chose them, and checked without the journal
    completeness     a list of order numbers from elsewhere against what was decided
    case_page        everything about one decision, as a page to print

Reports read the journal and change nothing. `ledger.verify` says whether what they read is what was recorded.
"""
