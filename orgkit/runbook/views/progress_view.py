"""An apply under way, as a person in JupyterLab sees it: a bar, the time that is left, and each step with its sign."""

from html import escape

from orgkit.model.outcome import Outcomes, Slot, StepStatus
from orgkit.runbook.views.step_rows import progress_lines
from orgkit.sanitize.terminal import flat

STATUS_SYMBOLS = {
    StepStatus.PENDING: "·",
    StepStatus.RUNNING: "▶",
    StepStatus.DONE: "✓",
    StepStatus.ALREADY_APPLIED: "✓",
    StepStatus.FAILED: "✗",
    StepStatus.SKIPPED: "–",
}
MIN_STEPS = 2  # done, until their pace says something about the others


def render_progress(outcomes: Outcomes, elapsed: float) -> str:
    """HTML of the steps, with what AWS works on at once; `elapsed` is in seconds."""
    done, count = outcomes.done, len(outcomes.items)
    title = f"{done} of {count} steps done, {_duration(elapsed)} so far{_expected(outcomes, elapsed)}."
    steps = "".join(
        f"<li>{STATUS_SYMBOLS[status]} {escape(flat(sentence))}: <b>{escape(status)}</b></li>"
        for status, sentence in progress_lines(outcomes.items)
    )
    slots = "".join(_slot(number, slot) for number, slot in enumerate(outcomes.slots, 1))
    caption = "<caption>AWS creates at most five accounts at once.</caption>"
    table = f'<table class="orgkit-slots">{caption}<tbody>{slots}</tbody></table>'
    head = f'<p class="orgkit-progress"><b>{escape(title)}</b></p>{render_bar(done, count)}'
    return f'{head}{table if slots else ""}<ul class="orgkit-steps">{steps}</ul>'


def _expected(outcomes: Outcomes, elapsed: float) -> str:
    """The time that is left: by what AWS usually takes where that is known, else by the pace of the steps so far."""
    done, count = outcomes.done, len(outcomes.items)
    if outcomes.expected:
        return f"; AWS usually takes about {_duration(outcomes.expected)} more"
    if done < MIN_STEPS or done == count:
        return ""
    return f"; about {_duration(elapsed / done * (count - done))} more at this pace"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def render_bar(part: float, whole: float) -> str:
    """HTML of a bar that is filled so far."""
    percent = min(100, round(100 * part / whole)) if whole else 0
    return f'<div class="orgkit-bar"><div style="width: {percent}%"></div></div>'


def _slot(number: int, slot: Slot) -> str:
    if not slot.name:
        return f"<tr><td>{number}</td><td>free</td><td></td><td></td></tr>"
    usual = f"usually about {_duration(slot.typical)}, " if slot.typical else ""
    times = f"{slot.seconds:.0f} s; {usual}at most {_duration(slot.timeout)}"
    bar = render_bar(slot.seconds, slot.typical or slot.timeout)
    return f"<tr><td>{number}</td><td>{escape(flat(slot.name))}</td><td>{bar}</td><td>{times}</td></tr>"
