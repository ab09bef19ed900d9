"""The demo: a small world and two families' stories, played over HTTP with the messages a hospital's system sends."""
