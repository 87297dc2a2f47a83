"""The parameters file of a run: the project's own while it is the one that was read, else the record's copy."""

from pathlib import Path

from orgkit.errors import OrgkitError, ParametersInvalid
from orgkit.model.desired import Desired
from orgkit.parameters import load
from orgkit.records.seal import parameters_read_by


def parameters_of(run: Path, project: Path) -> Desired:
    """OrgkitError where neither serves: the copy has lost its emails or secrets, if the record was to have none."""
    read = parameters_read_by(run, project)
    if read is not None:
        return load(read)
    try:
        return load(run / "parameters.toml")
    except (OSError, OrgkitError) as error:
        reason = f"{error.problems[0]}" if isinstance(error, ParametersInvalid) else str(error)
        raise OrgkitError(
            f"no file in {project / 'parameters'} is the one that {run.name} has read, and the record's copy "
            f"cannot be loaded ({reason}).",
            "name the file as it was then, or one of the same organization: --file FILE.",
        ) from None
