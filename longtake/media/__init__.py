"""Recorded media: playlists and merging."""
