"""What the vendors' folders share."""
