"""jsonschema's check of IRIs works as before, and nobody waits for its parser who does not use it."""

import subprocess
import sys

CHECK = """
import sys
from orgkit.records.iri_parser import postpone_iri_parser
postpone_iri_parser()
import nbformat, papermill, nbconvert.exporters.html
assert not {"rfc3987_syntax", "lark"} & set(sys.modules)
from jsonschema import FormatChecker
for kind in ("iri", "iri-reference"):
    assert kind in FormatChecker.checkers
assert FormatChecker().conforms("https://example.com/é", "iri")
assert not FormatChecker().conforms("https://example.com/a b", "iri")
import rfc3987_syntax
assert rfc3987_syntax.RFC3987_SYNTAX_TERMS
postpone_iri_parser()
"""


def test_the_parser_is_built_by_the_first_check_and_no_sooner():
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
