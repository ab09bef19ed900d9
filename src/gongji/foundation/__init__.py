"""Floor 0: money, clock, database, settings, access, audit, telemetry. Knows nothing of insurance."""
