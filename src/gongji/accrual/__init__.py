"""Personal accounts over the years: monthly credits, the turn of the year, death and inheritance, change of region."""
