"""A month of a bill: AWS counts them in UTC, and their ends are exclusive."""

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from orgkit.dataclass import dataclass
from orgkit.errors import InvalidMonth
from orgkit.sanitize.terminal import flat

CORRECTION_PERIOD = timedelta(days=10)  # after its end AWS still corrects a month


@dataclass(frozen=True, order=True)
class Month:
    """Such as 2026-10."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Parse YYYY-MM; raise InvalidMonth for anything else."""
        match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
        if match is None:
            raise InvalidMonth(f"{flat(text)[:40]!r} is not a month.", "write it as 2026-10.")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def from_datetime(cls, moment: datetime) -> "Month":
        at = moment.astimezone(UTC)
        return cls(at.year, at.month)

    @property
    def start(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def end(self) -> date:
        """The first day that is not in it."""
        return self.start + timedelta(days=self.days)

    @property
    def days(self) -> int:
        return calendar.monthrange(self.year, self.number)[1]

    @property
    def previous(self) -> "Month":
        return Month(self.year - 1, 12) if self.number == 1 else Month(self.year, self.number - 1)

    def has_ended(self, now: datetime) -> bool:
        return now.astimezone(UTC).date() >= self.end

    def is_final(self, now: datetime) -> bool:
        """Whether AWS is no longer expected to correct it."""
        return now >= datetime(self.end.year, self.end.month, self.end.day, tzinfo=UTC) + CORRECTION_PERIOD

    def part(self, now: datetime) -> Decimal:
        """The fraction of it that has passed: 1 for a month that is over, 0 for a future one."""
        days_so_far = (now.astimezone(UTC).date() - self.start).days + 1
        return Decimal(min(max(days_so_far, 0), self.days)) / Decimal(self.days)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


def last(count: int, now: datetime) -> tuple[Month, ...]:
    """Return the last months that are over, oldest first."""
    months = [Month.from_datetime(now)]
    for _ in range(count):
        months.append(months[-1].previous)
    return tuple(reversed(months[1:]))


def select_months(texts: tuple[str, ...], now: datetime, *, otherwise: int = 1) -> tuple[Month, ...]:
    """Return the months that a person names, in order of time; without names, the last ones that are over.

    Raises InvalidMonth for anything that is not a month, and for a month that has not begun.
    """
    months = tuple(sorted({Month.parse(text) for text in texts})) or last(otherwise, now)
    if late := [month for month in months if month > Month.from_datetime(now)]:
        raise InvalidMonth(f"{late[0]} has not begun.", f"name {Month.from_datetime(now)} or an earlier month.")
    return months
