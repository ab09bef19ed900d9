"""Messages on their way out: in each reader's words, by text message and by signed calls."""
