"""Loading files of institutions, catalogues, people, enrolments, kinship and balances."""

from gongji.entrances.loading.command import register
from gongji.entrances.loading.loader import FileReport, LoadReport, load_files
from gongji.entrances.loading.records import FileKind

__all__ = ["FileKind", "FileReport", "LoadReport", "load_files", "register"]
