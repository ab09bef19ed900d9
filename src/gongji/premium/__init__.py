"""Paying a relative's resident premium from the sharer's account.

Two agencies take part: the medical-insurance side sets the money aside, the tax office books the premium. Until the tax
office has answered nothing is called paid; when it does not answer in time the money goes back by itself.
"""
