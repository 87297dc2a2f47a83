"""Several commands of the AWS CLI in one process, since each process takes a second to start.

    python attempts.py ENDPOINT COMMANDS     # as JSON: [["organizations", "list-roots"], …]

Prints [[exit code, what was printed, what was printed as an error], …]. Nothing of orgkit or boto3 is imported.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import cache

from awscli.clidriver import create_clidriver


@cache
def driver(profile):
    """One for each profile: it keeps the credentials that it has used."""
    return create_clidriver()


def attempt(endpoint, command):
    profile = command[command.index("--profile") + 1] if "--profile" in command else ""
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as output:
        code = driver(profile).main(["--endpoint-url", endpoint, "--output", "json", *command])
    return code, printed.getvalue(), output.getvalue()


if __name__ == "__main__":
    print(json.dumps([attempt(sys.argv[1], command) for command in json.loads(sys.argv[2])]))
