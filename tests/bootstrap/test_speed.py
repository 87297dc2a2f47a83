"""Seven runbooks, against seven plain papermill runs of a notebook that only imports boto3 and pandas."""

from benchmarks.runbooks import measure, rehearsal

# The goal on a machine that does nothing else is 1.6 (benchmarks/runbooks.py). A busy one slows the runbooks more than
# plain papermill, since they keep two processors busy: here only what has become much slower is a failure.
AT_MOST = 2.0
TRIES = 4  # the best of them counts, and all are shown


def test_the_runbooks_take_little_more_than_papermill_itself(capsys):
    ratios: list[float] = []
    while len(ratios) < TRIES and min(ratios, default=AT_MOST + 1) > AT_MOST:
        measured = measure(rehearsal, rounds=1)
        ratios.append(measured.ratio)
        with capsys.disabled():
            print(f"\n{measured}")
    assert min(ratios) <= AT_MOST, ratios
