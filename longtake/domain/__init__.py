"""The recording session itself: no I/O, no Temporal, no vendor."""
