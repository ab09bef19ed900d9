"""How long a phone waits for a page while settlements go on."""
