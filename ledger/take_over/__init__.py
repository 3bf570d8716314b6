"""Journals of before there were records, written into a new journal.

earlier_journal  reads a file of an earlier version of credence, from every one of its revisions
taking_over      writes what is in it as records, in the order in which it was recorded
"""
