"""The rules over populations: the kernel, other engines, files."""
