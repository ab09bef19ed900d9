"""The conformance run: a vendor's system is led through named scenarios, each a script of what has to arrive, and a
report says what was done right and what was not."""
