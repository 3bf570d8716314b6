"""What all tables of the journal's database are described in: `tables` has the journal's, `policy_tables` those of
the life of policies, `ledger_tables` the credit ledger's. Whoever needs all of them takes it from `all_tables`.
"""

from __future__ import annotations

from sqlalchemy import MetaData

metadata = MetaData()
