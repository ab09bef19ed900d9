"""Benchmarks: each command measures everything in one run on one machine and says what stands in ratio to what."""
