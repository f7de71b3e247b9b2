"""Ring 3: points in time as runs (RFC 3339, UTC) and commits (RFC 3339, any offset) have them."""

from datetime import datetime, timedelta, timezone


def moment(text: str) -> datetime:
    """Return the point in time that a text names, in UTC; one that names none counts as 1970."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return found.astimezone(timezone.utc) if found.tzinfo else found.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return datetime.fromtimestamp(0, timezone.utc)


def ended(started: str, seconds: float | None) -> str | None:
    """Return when a run was over, with as many digits as its start has, or None where that is not known."""
    if seconds is None:
        return None
    try:
        end = moment(started) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
    digits = 6 if len(started.rpartition(".")[2]) > len("000Z") else 3
    return end.strftime("%Y-%m-%dT%H:%M:%S.") + f"{end.microsecond:06d}"[:digits] + "Z"


def is_before(started: str, date: str) -> bool:
    """Return whether a run began before a commit was made; commits know whole seconds only."""
    return moment(started) < moment(date) + timedelta(seconds=1)


def local_day(text: str) -> str:
    """Return a point in time as a day in local time: `Thu 5 Nov`, with the year where it is not this one."""
    when = _local(text)
    year = "" if when.year == datetime.now().astimezone().year else f" {when.year}"
    return f"{when:%a} {when.day} {when:%b}{year}"


def local_time(text: str) -> str:
    """Return a point in time in local time: `Thu 5 Nov 14:02:11`."""
    return f"{local_day(text)} {_local(text):%H:%M:%S}"


def _local(text: str) -> datetime:
    return moment(text).astimezone()
