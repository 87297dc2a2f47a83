"""Pictures are legible in light and dark, on a narrow page, and for readers who do not see all colors."""

import re
from decimal import Decimal
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from orgkit.runbook.views import bar_chart, line_chart, palette
from orgkit.runbook.views.bar_chart import Bars, Row, short_amount, tick_step
from orgkit.runbook.views.line_chart import Line, Lines
from orgkit.runbook.views.tree import Mark, Node, as_svg

SVG = "{http://www.w3.org/2000/svg}"
PALETTES = {"light": (palette.LIGHT, palette.LIGHT_PAGE), "dark": (palette.DARK, palette.DARK_PAGE)}
# Machado, Oliveira, Fernandes 2009, severity 1: linear RGB as a dichromat sees it.
VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
# Björn Ottosson's OKLab, in which equal distances look equally large.
TO_CONES = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005))  # fmt: skip
TO_OKLAB = ((0.2104542553, 0.793617785, -0.0040720468), (1.9779984951, -2.428592205, 0.4505937099),
            (0.0259040371, 0.7827717662, -0.808675766))  # fmt: skip
DISTANCE = 0.12  # Okabe and Ito's eight colors, which are known to be safe, have 0.076 by this measure

Vector = tuple[float, ...]


def product(matrix: tuple[Vector, ...], vector: Vector) -> Vector:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def seen(color: str, vision: str) -> Vector:
    rgb = tuple(min(max(channel, 0.0), 1.0) for channel in product(VISION[vision], palette.linear_rgb(color)))
    return product(TO_OKLAB, tuple(cone ** (1 / 3) for cone in product(TO_CONES, rgb)))


def distance(one: Vector, other: Vector) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("scheme", PALETTES)
def test_each_color_differs_from_each_other_however_a_reader_sees(scheme: str, vision: str) -> None:
    colors, _ = PALETTES[scheme]
    near = {
        pair: round(d, 3)
        for pair in combinations(colors, 2)
        if (d := distance(*(seen(color, vision) for color in pair))) < DISTANCE
    }
    assert near == {}


@pytest.mark.parametrize("scheme", PALETTES)
def test_each_color_stands_out_from_the_page_and_its_letter_from_the_color(scheme: str) -> None:
    colors, page = PALETTES[scheme]
    assert min(palette.contrast(color, page) for color in colors) >= 3
    assert min(palette.contrast(color, palette.letter_color(color)) for color in colors) >= 4.5
    assert len(colors) == palette.COUNT


def bars(*wholes: str) -> Bars:
    rows = [
        Row(f"account-{number}", {"S3": Decimal(whole)}, Decimal(whole) / 2, Decimal(whole), Decimal(whole) * 40)
        for number, whole in enumerate(wholes)
    ]
    return Bars(tuple(rows), ("S3",))


def lines(count: int, months: int) -> Lines:
    names = tuple(f"2026-{month:02}" for month in range(1, months + 1))
    return Lines(names, tuple(Line(f"a-{n}", tuple(Decimal(n + m) for m in range(months))) for n in range(count)))


PICTURES = {
    "bars": bar_chart.as_svg(bars("1", "30")),
    "lines": line_chart.as_svg(lines(8, 12)),
    "tree": as_svg(Node("root", "root", children=[Node(mark.name, "unit", mark=mark) for mark in Mark])),
}


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_has_a_dark_form_and_no_card_behind_it(picture: str) -> None:
    svg = ElementTree.fromstring(PICTURES[picture])
    assert "prefers-color-scheme:dark" in (svg.findtext(f"{SVG}style") or "")
    whole = (svg.get("width"), svg.get("height"))
    assert [rect for rect in svg.iter(f"{SVG}rect") if (rect.get("width"), rect.get("height")) == whole] == []
    assert [element for element in svg.iter() if (element.get("fill") or "none") != "none"] == []  # classes color it


@pytest.mark.parametrize("picture", ["bars", "lines"])
def test_a_chart_takes_the_width_of_its_page_and_nothing_in_it_lies_outside(picture: str) -> None:
    svg = ElementTree.fromstring(PICTURES[picture])
    assert svg.get("width") == "100%"
    assert svg.get("viewBox") is None  # which would scale the letters as well
    names = ("x", "x1", "x2", "cx")
    places = [value for element in svg.iter() for name in names if (value := element.get(name, "")).endswith("%")]
    assert places
    assert all(0 <= float(place.removesuffix("%")) <= 100 for place in places)


def test_the_ranges_of_all_accounts_are_whole_and_on_one_axis() -> None:
    svg = ElementTree.fromstring(bar_chart.as_svg(bars("1", "30")))
    ranges = [
        line for line in svg.iter(f"{SVG}line") if line.get("class") == "range" and line.get("x1") != line.get("x2")
    ]
    low, high = ([float(str(line.get(end)).removesuffix("%")) for line in ranges] for end in ("x1", "x2"))
    assert high[1] == pytest.approx(30 * high[0], rel=0.01)
    assert low[1] == pytest.approx(high[1] / 80, rel=0.01)
    ticks = {line.get("x1") for line in svg.iter(f"{SVG}line") if line.get("class") == "grid"}
    labels = {text.get("x"): text.text for text in svg.iter(f"{SVG}text") if text.get("x") in ticks and text.text}
    assert {"500", "1 k"} <= set(labels.values())


@pytest.mark.parametrize("highest", ["0.003", "0.43", "1", "7.5", "99.99", "100", "4431.08", "987654321987"])
def test_an_axis_has_two_to_six_marks_and_short_labels(highest: str) -> None:
    step = tick_step(Decimal(highest), 5)
    marks = [step * number for number in range(int(Decimal(highest) / step) + 1)]
    assert 2 <= len(marks) <= 6
    assert len({short_amount(mark) for mark in marks}) == len(marks)
    assert max(len(short_amount(mark)) for mark in marks) <= 6


def test_a_part_too_narrow_for_its_letter_is_named_below_its_bar() -> None:
    row = Row(
        "a",
        {"S3": Decimal(99), "KMS": Decimal("0.5"), "SNS": Decimal("0.001")},
        Decimal(1),
        Decimal("99.5"),
        Decimal(100),
    )
    assert ">A 99.00, B 0.50<" in bar_chart.as_svg(Bars((row,), ("S3", "KMS", "SNS")))


def test_no_two_lines_have_the_same_letter_or_the_same_color_and_dashes() -> None:
    svg = line_chart.as_svg(lines(8, 3))
    looks = re.findall(r'class="(s\d)" x1="16".*?stroke-dasharray="([^"]*)"', svg)
    assert len(set(looks)) == 8
    assert all(f">{letter}</text>" in svg for letter in "ABCDEFGH")


def test_the_labels_of_months_do_not_touch_on_a_page_of_300_pixels() -> None:
    svg = ElementTree.fromstring(line_chart.as_svg(lines(1, 24)))
    centers = [
        float(str(text.get("x")).removesuffix("%")) * 3
        for text in svg.iter(f"{SVG}text")
        if (text.text or "").startswith("2026-")
    ]
    assert all(right - left >= 45 for left, right in pairwise(centers))


def test_a_tree_is_as_wide_as_its_names_and_the_usual_one_fits_a_telephone() -> None:
    account = Node("website-prod", "account", "new", "123456789012", "aws-website-prod@example.com", mark=Mark.NEW)
    root = Node("organization root", "root", "", "r-ab12", children=[Node("Production", "unit", children=[account])])
    width = ElementTree.fromstring(as_svg(root)).get("width")
    assert int(str(width)) <= 390  # by the widest of the usual fonts
    account.name = "x" * 44
    assert int(str(ElementTree.fromstring(as_svg(root)).get("width"))) > int(str(width))


def test_a_long_email_goes_on_below_its_account_so_that_the_tree_fits_a_telephone() -> None:
    email = "aws-data-platform-production@cloud.subsidiary.example.com"
    account = Node("data-platform", "account", "", "123456789012", email)
    deepest = Node("Workloads", "unit", children=[Node("Production", "unit", children=[account])])
    svg = ElementTree.fromstring(as_svg(Node("organization root", "root", children=[deepest])))
    assert int(str(svg.get("width"))) <= 366  # a page of 390 pixels without its margins
    local, _, domain = email.rpartition("@")
    places = {text.text: int(str(text.get("y"))) for text in svg.iter(f"{SVG}text")}
    assert places["123456789012"] < places[local] < places[f"@{domain}"] <= int(str(svg.get("height")))
