"""Floor 1: the law as data. Packs of dated values with their sources, loaded, checked, compiled and looked up.

    book = RuleBook.shipped()
    rule = book.benefit("211202", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 1))

Pure: reads nothing but its own pack files.
"""
