"""What every answer of SparkRTC means for us: a total table over (what about, status, code).

The code decides; one without a code is read by its HTTP status. A code that is listed stands for
all that begin so: `RTC.00002` is every internal error. Sources: SparkRTC API, error codes; API
Gateway, error codes (spelled APIGW or APIG).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from longtake.domain.errors import (
    AlreadyStopped,
    InvalidRequest,
    NotConfigured,
    QuotaExceeded,
    RateLimited,
    RecordingError,
    StartUnknown,
    TaskNotFound,
    Unauthorized,
    VendorUnavailable,
)

About = Literal["start", "job", "rule"]
"""A new job, one whose id is known, or a recording rule."""
ABOUT: tuple[About, ...] = ("start", "job", "rule")


@dataclass(frozen=True)
class Row:
    """Answers that are known: what is left empty means "any"."""

    means: type[RecordingError]
    meaning: str
    codes: tuple[str, ...] = ()
    about: About | None = None
    statuses: range | frozenset[int] = frozenset()

    def fits(self, about: About, status: int, code: str) -> bool:
        """Whether the row is about this answer; the code as `plain` gives it."""
        return (
            self.about in {None, about}
            and (not self.statuses or status in self.statuses)
            and (not self.codes or code.startswith(self.codes))
        )


def _row(
    means: type[RecordingError],
    meaning: str,
    *codes: str,
    about: About | None = None,
    status: int | range | None = None,
) -> Row:
    statuses = frozenset({status}) if isinstance(status, int) else status or frozenset[int]()
    return Row(means, meaning, codes, about, statuses)


_CALLERS = (
    *("RTC.00001002", "RTC.00001003", "RTC.00001004", "RTC.00001005", "RTC.00001010"),
    *("RTC.00001012", "RTC.00001018", "APIGW.0101", "APIGW.0201"),
)
_RTC, _INTERNAL = "RTC.", "RTC.00002"

TABLE: tuple[Row, ...] = (
    # The operator's
    _row(Unauthorized, "no domain in the token or the key", "RTC.00001001"),
    _row(Unauthorized, "credentials refused", "APIGW.0301", "APIGW.0307"),
    _row(Unauthorized, "the caller may not do this", "APIGW.0302"),
    _row(NotConfigured, "application stopped: payment overdue?", "RTC.00001016"),
    _row(NotConfigured, "no such application", _RTC, about="start", status=404),
    _row(NotConfigured, "no such application or rule", _RTC, about="rule", status=404),
    # About jobs
    # No start of ours is in doubt when one is sent, so the job is another's: wait for its end.
    _row(QuotaExceeded, "another job records the same already", "RTC.00001006", about="start"),
    _row(VendorUnavailable, "refused as over", "RTC.00001009", about="start"),
    _row(AlreadyStopped, "job cancelled or completed", "RTC.00001009", about="job"),
    _row(TaskNotFound, "no such application or job", _RTC, about="job", status=404),
    # Worth another try
    _row(QuotaExceeded, "as many jobs run as the account may have", "RTC.00001007"),
    _row(QuotaExceeded, "as many applications as the account may have", "RTC.00001017"),
    _row(RateLimited, "too many calls", "APIGW.0308"),
    _row(StartUnknown, "failed inside the service", _INTERNAL, about="start"),
    _row(VendorUnavailable, "failed inside the service", _INTERNAL),
    # The caller's
    _row(InvalidRequest, "in the way of another rule or job", "RTC.00001013", "RTC.00001019"),
    _row(InvalidRequest, "refused", *_CALLERS),
    _row(InvalidRequest, "refused for a reason not listed", _RTC, status=range(400, 500)),
    # By HTTP status alone
    _row(Unauthorized, "credentials refused", status=401),
    _row(Unauthorized, "the caller may not do this", status=403),
    _row(NotConfigured, "a proxy wants credentials", status=407),
    _row(NotConfigured, "redirected: is base_url right?", status=range(300, 400)),
    _row(TaskNotFound, "no such job", about="job", status=404),
    _row(InvalidRequest, "body too large", status=413),
    _row(RateLimited, "too many calls", status=429),
    _row(StartUnknown, "gateway gave up waiting", about="start", status=408),
    _row(VendorUnavailable, "refused without a reason", status=range(400, 500)),
    _row(StartUnknown, "an answer that tells no outcome", about="start"),
    _row(VendorUnavailable, "an answer that tells no outcome"),
)


def explain(about: About, status: int, code: str) -> Row:
    """The row of an answer that is no success; an empty code stands for one without a code."""
    known = plain(code)
    return next(row for row in TABLE if row.fits(about, status, known))


def plain(code: str) -> str:
    """The code in one spelling."""
    return code.strip().upper().replace("APIG.", "APIGW.", 1)
