"""The vendors, stood in for: their APIs, their callbacks and their files, on one port."""
