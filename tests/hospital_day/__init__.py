"""A hospital's and a pharmacy's day over HTTP, with what goes wrong on one; in the evening the books must agree."""
