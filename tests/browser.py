"""Where the tests that need a browser find one, and how they say loudly that there is none."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="NO BROWSER: pages were not looked at. Install Debian's chromium to run these tests."
)
