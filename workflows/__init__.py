"""Orchestration: what happens when, and nothing else."""
