"""`python -m longtake.cli`: how `up` and `demo` start their children."""

from __future__ import annotations

from longtake.cli import main

main()
