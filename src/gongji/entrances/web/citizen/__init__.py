"""The citizen's pages."""

from gongji.entrances.web.citizen.app import build_citizen_pages

__all__ = ["build_citizen_pages"]
