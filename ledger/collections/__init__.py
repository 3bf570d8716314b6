"""What becomes of an invoice that isn't paid: disputes, promises, plans, contacts, and what each collector does today.

Pure, as `ledger.credit` is: nothing here knows a database, a clock or HTTP.

    dispute, promise, payment_plan, dunning_block, contact, item_fact, worklist_entry, collector    the nouns
    raise_dispute, settle_dispute, record_promise, ask_plan, …                                      a verb for each act
    following         whoever books an item has disputes, promises and plans follow
    invoice_facts     the facts of an open item, for policies that decide on invoices
    listing           what is to be done for a customer on a day: the worklist, and the plan ahead by the same function
    turn_account      what the day's turn does with one account

Which step falls when, what may be promised and until when a promise is waited for, the policies say; nothing here has a
number of days of its own.
"""
