"""The receiver of the vendors' callbacks: verify, translate, signal the session."""
