"""The sandbox: a whole platform for whoever writes a hospital's or pharmacy's system, with nothing real in it.

A city of invented people for every case, institutions with keys for every way of signing, a clock that can be moved,
failures on demand, every message beside its field table, and scenarios that a vendor's system is driven through. It is
one process over a database of its own, bound to the loopback address unless somebody says otherwise, without log-in.
"""
