"""Times in objects, and how kubectl shows an age (apimachinery: pkg/util/duration HumanDuration).

An object may hold a moment of the lab's clock as a number of seconds or as the text that the API prints (RFC 3339); kubectl reads both and
prints the text. Second 0 of the lab's clock is one fixed moment, so that nothing printed depends on the day.
"""

from datetime import datetime, timedelta

from ...lab.lab import EPOCH


def stamp(seconds: float | str) -> str:
    """2026-01-01T00:01:40Z."""
    if isinstance(seconds, str):
        return seconds
    return (EPOCH + timedelta(seconds=int(seconds // 1))).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(moment: float | str) -> float:
    if not isinstance(moment, str):
        return float(moment)
    return (datetime.fromisoformat(moment) - EPOCH).total_seconds()


def spoken(moment: float | str) -> str:
    """As `describe` writes it (RFC 1123 with a numeric zone)."""
    return datetime.fromisoformat(stamp(moment)).strftime("%a, %d %b %Y %H:%M:%S +0000")


def age(since: float | str | None, now: float) -> str:
    return "<unknown>" if since is None else duration(now - seconds(since))


def duration(length: float) -> str:
    """Two units while the first is small, then one: 118s, 2m2s, 8m50s, 11m, 3h25m, 12h, 47h, 2d3h, 8d, 2y100d."""
    whole = int(length)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    minutes, hours = whole // 60, whole // 3600
    rows = (
        (whole < 120, f"{whole}s"),
        (minutes < 10, _two(minutes, "m", whole % 60, "s")),
        (minutes < 180, f"{minutes}m"),
        (hours < 8, _two(hours, "h", minutes % 60, "m")),
        (hours < 48, f"{hours}h"),
        (hours < 192, _two(hours // 24, "d", hours % 24, "h")),
        (hours < 24 * 365 * 2, f"{hours // 24}d"),
        (hours < 24 * 365 * 8, _two(hours // 24 // 365, "y", hours // 24 % 365, "d")),
    )
    return next((text for fits, text in rows if fits), f"{hours // 24 // 365}y")


def _two(large: int, unit: str, small: int, lesser: str) -> str:
    return f"{large}{unit}{small}{lesser}" if small else f"{large}{unit}"
