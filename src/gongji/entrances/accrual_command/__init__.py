"""``gongji accrual``: personal accounts over the years, from the command line."""

import gongji.entrances.accrual_command.undoing  # noqa: F401  its commands join the others
from gongji.entrances.accrual_command.command import accrual
from gongji.entrances.accrual_command.credit_file import CreditFileReport, credit_file

__all__ = ["CreditFileReport", "accrual", "credit_file"]
