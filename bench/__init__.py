"""Longtake measured against a floor: `make bench`."""
