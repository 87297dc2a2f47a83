"""A plugin of pytest for nbval: each kernel is a fork of this process, which has imported what kernels import."""

import gc

from orgkit.aws.garbage_collection import collect_less_often
from orgkit.records.iri_parser import postpone_iri_parser
from tests.bootstrap.fork_server import fork_kernels, preload


def pytest_sessionstart() -> None:
    """Before the first notebook; a kernel that is executed spends most of its time on imports."""
    collect_less_often()
    postpone_iri_parser()
    preload()
    fork_kernels()
    gc.freeze()  # a fork need not look at what is there, and then copy it
