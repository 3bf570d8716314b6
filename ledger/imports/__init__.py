"""Files of accounts, limits, orders, items and rates on their way into the ledger.

import_kinds   what kinds of files there are, which columns they have, and the command that a row stands for
import_map     a site's map: which column of its export is which of these
file_rows      rows of a file → commands, or what is wrong with them
settling       what a complete list of open items lacks
importing      a file → chunks → the ledger, from where it stopped

    file --rows--> commands --chunks of 1,000--> one transaction and one record each --> summary and rejects
"""
