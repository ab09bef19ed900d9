"""Supervision by alerts (智能监管): rules that read what is new in the books, and the cases that officers make of what they find."""
