"""Longtake makes a cloud recording of a real-time room one durable workflow."""

__version__ = "0.1.0"
