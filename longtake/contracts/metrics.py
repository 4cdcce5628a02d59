"""The names of what workers count, beside the SDK's own metrics: dashboards and alerts know them.

`docs/operations.md` says of each what it means.
"""

from __future__ import annotations

# Counted by activities
VENDOR_CALLS = "longtake_vendor_calls_total"
POLLS = "longtake_polls_total"

# Of one worker's share in an account's rate
PACE = "longtake_pace_calls_per_second"

# Counted by sessions
START_SECONDS = "longtake_start_seconds"
LATENESS_SECONDS = "longtake_lateness_seconds"
STRAYS = "longtake_strays_total"
SESSIONS_ENDED = "longtake_sessions_ended_total"

# Asked of Temporal by each worker: of all workers' sessions, so every one shows the same
SESSIONS = "longtake_sessions"
NEEDING_ATTENTION = "longtake_sessions_needing_attention"
ASKED_AT = "longtake_sessions_asked_timestamp_seconds"

OK = "ok"
"""The outcome of a call that succeeded; of another it is its error's class."""

_SECONDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 900.0)
BUCKETS = {START_SECONDS: _SECONDS, LATENESS_SECONDS: _SECONDS}
"""Upper bounds of the histograms."""
