"""The bodies of TRTC's recording actions: requests checked by its rules, answers forgiven.

Requests are built with the wire's own names (`RecordParams`), so that errors carry them too.
"""
