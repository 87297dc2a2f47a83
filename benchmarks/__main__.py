"""`python -m benchmarks`: every measurement, written to docs/performance.md. It takes about ten minutes."""

import sys
import time

from benchmarks import bills, planning, plans, runbooks, vending

PARTS = {"planning": planning, "runbooks": runbooks, "bills": bills, "vending": vending, "plans": plans}


def main() -> int:
    """Measure one part after the other; 1 where one of them missed a goal."""
    codes = []
    for name, part in PARTS.items():
        print(f"\n== {name}\n", flush=True)
        began = time.monotonic()
        codes.append(part.main(["--write"]))
        print(f"\n{name} took {time.monotonic() - began:.0f} s", flush=True)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
