"""docs/what-it-costs.md holds the estimate of the example as it comes out: python -m tests.docs.test_cost_page."""

import re
import sys
from pathlib import Path

from orgkit.costs.estimate.estimate import estimate
from orgkit.parameters import load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "what-it-costs.md"
TABLE = re.compile(r"(\|---\|---\|---:\|---:\|---:\|\n)(?:.*\n)*?\n")


def rows() -> str:
    """The table by driver, each origin with its own total; what costs less than a cent even at high is left out."""
    made = estimate(load(ROOT / "parameters" / "example.toml"))
    drivers, lines = made.by_driver().iloc[:-1], []
    for origin, whole in made.by_origin().iterrows():
        lines += [
            f"| {driver} | {row.origin} | {row.low} | {row.expected} | {row.high} |"
            for driver, row in drivers[drivers.origin == origin].iterrows()
            if row.high
        ]
        title = "All of it" if origin == "Total" else f"Total: {origin}"
        lines.append(f"| **{title}** |  | {whole.low} | {whole.expected} | {whole.high} |")
    return "\n".join(lines)


def test_the_page_has_the_numbers_that_the_estimate_has() -> None:
    assert f"{rows()}\n" in PAGE.read_text(encoding="utf-8")


def test_the_ranges_of_the_reasons_are_those_of_the_estimate() -> None:
    """By service, and for AWS Config by account: each is quoted in the page."""
    made, text = estimate(load(ROOT / "parameters" / "example.toml")), PAGE.read_text(encoding="utf-8")
    services = made.by_service()
    zones = services.loc["Amazon Route 53"]
    assert f"| {zones.low} to {zones.high} |" in text
    drivers = made.by_driver()
    files = drivers.loc[["trail digest files", "trail log files", "trail storage"]]
    assert f"| {files.low.sum()} to {files.high.sum()} |" in text
    config = services.loc["AWS Config"] / len(made.accounts)
    assert f"| {config.low:.2f} to {config.high:.2f} an account" in text


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8").replace("TABLE\n", "\n")
    PAGE.write_text(TABLE.sub(lambda found: f"{found[1]}{rows()}\n\n", text, count=1), encoding="utf-8")
    sys.exit(0)
