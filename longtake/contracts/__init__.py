"""What crosses Temporal: names, ids and payloads."""
