"""Which failures pass, and when a URL that met one is tried again.

A failure in passing is one of the moment: the site was busy, restarting, or could not be reached.
Everything else is final at once. The same table serves pages and sitemaps.
"""

from crawler.domain.reasons import Reason, http_reason

MOST_WAIT_SECONDS = 3_600.0
"""Longer than this no URL waits: it failed, and `retry: failed` may take it up again."""

_FIRST_SECONDS = 1.0

_MOST_RETRIES: dict[str, int] = {
    # A time-out has cost up to 20 s already, the site's and ours.
    Reason.TIMEOUT: 2,
    Reason.REFUSED: 3,
    Reason.DNS: 3,
    Reason.BROKEN_RESPONSE: 3,
    Reason.ROBOTS_UNREACHABLE: 3,
    **{http_reason(status): 3 for status in (408, 425, 429, 500, 502, 503, 504)},
}
"""Retries by reason. Of names, connections and broken answers only those that the fetch takes
for passing get here."""


def retry_after(
    reason: str, attempts: int, asked_seconds: float | None, chance: float
) -> float | None:
    """When a URL that failed is to be tried again.

    Args:
        reason: by which it failed.
        attempts: how often it had failed in passing before.
        asked_seconds: what the answer's `Retry-After` asks for (RFC 9110, section 10.2.3).
        chance: a random number from 0 to 1, so that URLs that failed together do not come back
            together.

    Returns:
        Seconds to wait; None where the failure is final.
    """
    if attempts >= _MOST_RETRIES.get(reason, 0):
        return None
    most = _FIRST_SECONDS * 2**attempts
    seconds = max(most / 2 * (1 + chance), asked_seconds or 0.0)
    return seconds if seconds <= MOST_WAIT_SECONDS else None
