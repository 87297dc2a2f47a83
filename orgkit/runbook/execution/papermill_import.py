"""Imports papermill without its clients of remote stores: orgkit gives it paths of this machine alone."""

import sys
from typing import Any

from orgkit.records.iri_parser import postpone_iri_parser

# pyarrow, with numpy, for Hadoop; boto3 for S3, before orgkit.aws.session has imported it in its own way.
STORES = ("pyarrow", "papermill.s3")


def import_papermill() -> Any:
    """Import papermill as if no library of a remote store were installed: a third of a CPU second less in each run.

    papermill has no setting for this. What else imports those libraries, before or later, gets them. Call this before
    a name of papermill is imported; later it does nothing.
    """
    postpone_iri_parser()
    absent = [name for name in STORES if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None there makes an import an ImportError
    try:
        import papermill
    finally:
        for name in absent:
            del sys.modules[name]
    return papermill
