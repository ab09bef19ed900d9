"""Quotas (额度), the wallet's second regime: no money moves, a relative may use what is set aside in the giver's account.

The giver sets an amount, the relative accepts, and from then on the relative's visits draw on it wherever the wallet is taken
(`gongji.settlement.quotas`). What was not used is the giver's again when either of them, their insurance or a death ends it.
"""
