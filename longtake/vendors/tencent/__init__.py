"""Tencent TRTC on-cloud recording."""
