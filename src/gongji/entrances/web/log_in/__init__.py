"""Logging in at an identity provider (OpenID Connect), for citizens and for officers."""

from gongji.entrances.web.log_in.app import build_log_in_pages

__all__ = ["build_log_in_pages"]
