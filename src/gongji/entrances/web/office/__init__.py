"""The officers' pages."""

from gongji.entrances.web.office.app import build_office_pages
from gongji.entrances.web.office.deciding import carry_out_decisions

__all__ = ["build_office_pages", "carry_out_decisions"]
