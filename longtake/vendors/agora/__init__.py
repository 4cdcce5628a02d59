"""Agora Cloud Recording: https://docs.agora.io/en/cloud-recording."""
