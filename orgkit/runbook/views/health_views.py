"""Views of the health of an organization: tables of differences, of unmanaged resources, and of what was not read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from orgkit.model.inventory import Gap
from orgkit.records.health.comparison import FILE, Difference
from orgkit.records.health.health import Health
from orgkit.records.health.shown_values import shown_values
from orgkit.runbook.views import tables
from orgkit.runbook.views.views import View
from orgkit.sanitize.secrets import hide_secrets

DRIFT_HEADERS = ("attribute", "before", "after")
NO_DRIFT = "Nothing differs from the file, and nothing else changed since the last run."
NO_DRIFT_IN_PART = "In what was read, nothing differs from the file, and nothing else changed since the last run."
NO_EVENT = "CloudTrail shows no event that names it: it looks back 90 days, and shows an event after some minutes"


def render_drift(health: Health) -> View:
    """Each difference as a row; below it what the plans report, and with what the comparison was made."""
    table = _differences(health.drift, NO_DRIFT_IN_PART if health.gaps else NO_DRIFT)
    lists = [
        ([hide_secrets(health.sentence)] if health.gaps else [], "What this comparison leaves out"),
        ([hide_secrets(line) for line in health.plan_drift], "Drift that no step repairs, by the plans"),
        (list(step_lines(health)), "Steps that repair drift, or are left to do"),
        ([basis(health), *map(hide_secrets, health.notes)], "Compared with"),
    ]
    return _join(table, lists)


def render_changes(health: Health) -> View:
    """What changed since the last run, and is as the file says now."""
    empty = "Nothing else changed." if health.last_run else "There is no earlier record to compare with."
    return _differences(health.expected_changes, empty)


def render_unmanaged(health: Health) -> View:
    """What AWS has and the file does not name, by kind."""
    rows = [(item.kind, hide_secrets(item.name), hide_secrets(item.id)) for item in health.unmanaged]
    return _table(("kind", "name", "id"), rows, "Everything that was read is in the file.")


def render_not_read(health: Health) -> View:
    """What was not read, and why; last what nobody expects to be read."""
    gaps = sorted(health.gaps, key=lambda gap: gap.is_expected)
    rows = [(hide_secrets(gap.subject), hide_secrets(gap.reason), _effect(gap)) for gap in gaps]
    return _table(("what", "reason", "effect"), rows, "Everything that the file names was read.")


def render_attention(health: Health) -> View:
    """What needs attention soon, and how much of each quota is left."""
    notices = [hide_secrets(line) for line in health.notices] or ["No invitation expires soon; no account is closed."]
    table = _table(("quota", "used", "limit", "left", "source"), list(quota_rows(health)), "No quota was read.")
    return View(
        tables.as_text_list(notices, "Attention").lstrip("\n") + "\n\n" + table.text,
        tables.as_list(notices, "Attention") + table.html,
    )


def quota_rows(health: Health) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield each quota as a row; a limit that no API reports is not known."""
    for quota in health.quotas:
        limit = "not reported" if quota.limit is None else str(quota.limit)
        remaining = "not known" if quota.remaining is None else str(quota.remaining)
        yield quota.name, str(quota.used), limit, remaining, quota.source


def changed_by(item: Difference) -> Iterator[str]:
    """Yield who changed it, newest first; why that is not known where CloudTrail says nothing."""
    yield from (event.sentence for event in item.events)
    if item.log_gap:
        yield f"not read: {item.log_gap}"
    elif not item.events:
        yield NO_EVENT


def compared_with(item: Difference) -> str:
    """Return whose value stands before the change."""
    if item.basis != FILE:
        return "the last run"
    if item.last_value is None:
        return "the file"
    return "the file; so at the last run" if item.last_value == item.actual else "the file; new since the last run"


def not_compared_lines(health: Health) -> Iterator[str]:
    """Yield kinds of resources that nobody looked at, each with the reason; resources of one kind are counted."""
    counts = Counter((gap.kind, gap.reason) for gap in health.not_compared if gap.id)
    for gap in health.not_compared:
        count = counts.pop((gap.kind, gap.reason), 0) if gap.id else 1
        if count:
            yield f"{gap.subject if count == 1 else f'{count} {gap.kind}s'}: {gap.reason}"


def basis(health: Health) -> str:
    """Return with what AWS was compared."""
    return f"the parameters file{f', and record {health.last_run}' if health.last_run else ''}"


def step_lines(health: Health) -> Iterator[str]:
    """Yield how many steps each phase would take."""
    yield from (f"{phase}: {count} step(s)" for phase, count in (health.step_counts or {}).items())


def _differences(differences: Sequence[Difference], empty: str) -> View:
    """Each resource once, with its attributes below it, and who changed each of them below its values."""
    if not differences:
        return View(empty, f"<p>{escape(empty)}</p>")
    lines, rows = [], [_cells("th", DRIFT_HEADERS)]
    for subject, items in groupby(differences, key=lambda item: item.subject):
        title = tables.flat(hide_secrets(subject))
        lines.append(title)
        rows.append(_whole_row("th", title))
        for item in items:
            values, notes = _values(item), [tables.flat(hide_secrets(line)) for line in _remarks(item)]
            lines += [f"  {values[0]}: {values[1]} → {values[2]}", *(f"    {note}" for note in notes)]
            rows += [_cells("td", values), _whole_row("td", *notes)]
    return View("\n".join(lines), f"<table><tbody>{''.join(rows)}</tbody></table>")


def _values(item: Difference) -> tuple[str, str, str]:
    """The attribute, and both of its values."""
    return (tables.flat(hide_secrets(item.label)), *shown_values(item.expected, item.actual))


def last_run_value(item: Difference) -> Iterator[str]:
    """Yield the value at the last run, where it is neither the file's nor the present one."""
    if item.other_last_value is not None:
        yield shown_values(item.other_last_value, item.actual)[0]


def _remarks(item: Difference) -> Iterator[str]:
    yield f"compared with {compared_with(item)}"
    yield from (f"at the last run: {value}" for value in last_run_value(item))
    yield from changed_by(item)


def _cells(tag: str, values: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(value)}</{tag}>' for value in values)}</tr>"


def _whole_row(tag: str, *lines: str) -> str:
    """One cell over all columns."""
    return f'<tr><{tag} colspan="{len(DRIFT_HEADERS)}">{"<br>".join(map(escape, lines))}</{tag}></tr>'


def _effect(gap: Gap) -> str:
    return "not compared, as the reason says: may have drifted" if gap.is_expected else "may have drifted"


def _table(headers: Sequence[str], rows: Sequence[tuple[str, ...]], empty: str) -> View:
    if not rows:
        return View(empty, f"<p>{escape(empty)}</p>")
    return View(tables.as_text(headers, rows), tables.as_html(headers, rows))


def _join(table: View, lists: Iterable[tuple[Sequence[str], str]]) -> View:
    pairs = [(items, title) for items, title in lists if items]
    return View(
        table.text + "".join(f"\n{tables.as_text_list(items, title)}" for items, title in pairs),
        table.html + "".join(tables.as_list(items, title) for items, title in pairs),
    )
