"""The account-only second transaction: after a settlement, a relative's account pays (part of) what was cash in it.

Another form of sharing than ``acct_used_flag``: the main settlement stays as it was, and the chain from it to what was paid
afterwards is kept beside it. Authorisation, limits, purposes and the part of the bill that accounts may pay are the same.
"""
