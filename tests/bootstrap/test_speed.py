"""Seven runbooks, against seven plain papermill runs of a notebook that only imports boto3 and pandas."""

from benchmarks.runbooks import AT_MOST, measure, rehearsal

TRIES = 4  # on a machine that others use: the best of them counts, and all are shown


def test_the_runbooks_take_little_more_than_papermill_itself(capsys):
    ratios: list[float] = []
    while len(ratios) < TRIES and min(ratios, default=AT_MOST + 1) > AT_MOST:
        measured = measure(rehearsal, rounds=1)
        ratios.append(measured.ratio)
        with capsys.disabled():
            print(f"\n{measured}")
    assert min(ratios) <= AT_MOST, ratios
