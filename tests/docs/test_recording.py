"""The recording in the README: what it shows is what a terminal showed, and a picture loads nothing from elsewhere."""

import re
from xml.etree import ElementTree

import pytest

from tests.docs.recording import COMMAND, PICTURE, SPEED, Frame, Screen, frames_of, shown_at_the_end, svg_of

LIVE = "\x1b[?25l\x1b[2mstarting\x1b[0m\r\n\x1b[2mCtrl-C\x1b[0m\r\x1b[2K\x1b[1A\x1b[2K"  # drawn, and taken away again


def printed(*texts: str) -> list[Frame]:
    return frames_of((SPEED * second, text) for second, text in enumerate(texts, 1))


def text(frame: Frame) -> list[str]:
    return ["".join(part for _, part in line) for line in frame.lines]


def test_the_picture_is_small_and_loads_and_runs_nothing() -> None:
    content = PICTURE.read_text(encoding="utf-8")
    assert len(content) < 2_000_000
    root = ElementTree.fromstring(content)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {
        "svg", "title", "style", "rect", "defs", "g", "text", "use",
    }  # fmt: skip
    assert all(str(use.get("href")).startswith("#") for use in root.iter("{http://www.w3.org/2000/svg}use"))
    assert re.findall(r"@import|url\(", content) == []


def test_readers_who_asked_for_less_motion_see_the_end() -> None:
    content = PICTURE.read_text(encoding="utf-8")
    assert len(re.findall(r"animation: play", content)) == 1
    assert "@media not (prefers-reduced-motion: reduce) { .s { animation: play" in content
    assert "nothing touched AWS" in shown_at_the_end(content)


def test_a_live_display_leaves_what_a_terminal_keeps() -> None:
    last = printed(LIVE, f"done\r\n{LIVE}", "\x1b[32mdone\x1b[0m  all\r\n\x1b[?25h")[-1]
    assert text(last) == [f"$ {' '.join(COMMAND)}", "done", "done  all"]
    assert last.lines[2] == (("g", "done"), ("", "  all"))


def test_what_is_printed_within_a_moment_is_one_frame() -> None:
    quick = list(frames_of((SPEED * (1 + number / 1000), f"line {number}\n") for number in range(50)))
    assert len(quick) == 2
    assert text(quick[-1])[-1] == "line 49"


def test_the_picture_shows_the_last_screen_with_its_columns() -> None:
    frames = printed("├─ Production/\n", "│  └─ <b>  \x1b[1mbold\x1b[0m & more\n")
    assert shown_at_the_end(svg_of(frames)).splitlines() == text(frames[-1])


@pytest.mark.parametrize("sequence", ["\x1b[35mmagenta", "\x1b[2J", "\x1b]0;title\x07", "\x1b[5B"])
def test_a_control_sequence_that_is_not_known_is_an_error(sequence: str) -> None:
    with pytest.raises(ValueError, match="a control sequence that is not known"):
        Screen().write(sequence)
