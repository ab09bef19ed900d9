"""The rules for everybody: all regions, one region's rules, two side by side, and what a bill comes to. No log-in."""

from gongji.entrances.web.rules.app import build_rule_pages

__all__ = ["build_rule_pages"]
