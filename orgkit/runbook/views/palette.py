"""Colors of pictures, light and dark: the reader's own scheme decides, and the page under a picture shows through.

The eight colors of each series differ, pair by pair, for readers with protanopia, deuteranopia and tritanopia too, and
from the page by a contrast of 3 to 1 (WCAG 1.4.11). No color carries a meaning without a letter, a sign or a dash.
"""

LIGHT = ("#3b52c4", "#ca440a", "#837bf8", "#6a2812", "#bc759b", "#191c8f", "#76546e", "#36093d")
DARK = ("#5b77ee", "#e6a73b", "#a4feda", "#ca440a", "#3ac3fd", "#92639b", "#ffec3d", "#9b9b9b")
COUNT = len(LIGHT)
LIGHT_PAGE, DARK_PAGE = "#ffffff", "#0d1117"
BLACK, WHITE = "#000000", "#ffffff"
LIGHT_TEXT = (
    "text{font:14px system-ui,sans-serif;fill:#1c2128}.small{font-size:12px;fill:#57606a}.letter{font-weight:700}"
    ".line{stroke:#6e7781;fill:none;stroke-width:1.2}.grid{stroke:#d0d7de}"
    ".range{stroke:#1c2128;stroke-width:1.6;fill:none}.part{stroke:#ffffff}"
)
DARK_TEXT = (
    "text{fill:#e6edf3}.small{fill:#9aa4af}.line{stroke:#9aa4af}.grid{stroke:#3a424c}.range{stroke:#e6edf3}"
    ".part{stroke:#0d1117}"
)

# A picture follows JupyterLab's theme, not that of the operating system; a chart takes the width that there is.
JUPYTERLAB_STYLE = (
    " .jp-RenderedSVG img { color-scheme: light; }"
    " [data-jp-theme-light=false] .jp-RenderedSVG img { color-scheme: dark; }"
    " .jp-RenderedSVG img[src*='width%3D%22100%25%22'] { width: 100%; max-width: 740px; }"
)


def style_element(light: str = "", dark: str = "") -> str:
    """The style element of a picture: its text and lines, and what this kind of picture adds for each scheme."""
    return f"<style>{LIGHT_TEXT}{light}@media(prefers-color-scheme:dark){{{DARK_TEXT}{dark}}}</style>"


def series_style() -> str:
    """The same with classes for each color of a series: fN fills, sN draws lines, lN writes a letter on its fill."""
    return style_element(_classes(LIGHT), _classes(DARK))


def letter_color(fill: str) -> str:
    """Black or white, whichever is easier to read on a color."""
    return BLACK if contrast(fill, BLACK) >= contrast(fill, WHITE) else WHITE


def contrast(one: str, other: str) -> float:
    """The contrast of two colors by WCAG: 1 for the same color, 21 for black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def linear_rgb(color: str) -> tuple[float, float, float]:
    """The linear red, green and blue of a color such as `#3b52c4`, each from 0 to 1."""
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _classes(colors: tuple[str, ...]) -> str:
    return "".join(
        f".f{number}{{fill:{color}}}.s{number}{{stroke:{color}}}.l{number}{{fill:{letter_color(color)}}}"
        for number, color in enumerate(colors)
    )


def _luminance(color: str) -> float:
    red, green, blue = linear_rgb(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
