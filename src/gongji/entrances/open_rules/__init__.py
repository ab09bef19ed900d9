"""The rules as anybody may read them: what holds where and when, every number with its source, what a bill comes to."""
