"""The notebook of a run on the disk, saved again and again while it runs: whole, or as it was saved before."""

from pathlib import Path
from typing import Any

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.iorw import papermill_io

from orgkit.journal.file_writes import replace_file

ENGINE = "orgkit"
SAVE_SECONDS = 1.0
APPLIES = "apply"  # the tag of the cell that changes AWS


class NotebookFile:
    """What papermill saves through. A save that fails ends no cell: a change under way is carried to its end."""

    def __init__(self, path: Path) -> None:
        """Make papermill save this path, and no other, through the new object."""
        self.path = path.absolute()
        self.error: OSError | None = None  # of the last save
        papermill_io.register(str(self.path), self)

    def write(self, content: str, _path: str) -> None:
        """Save it; not synced, since it is saved again, and sealed at the end."""
        try:
            replace_file(self.path, content.encode(errors="backslashreplace"), sync=False)
            self.error = None
        except OSError as error:
            self.error = error

    def read(self, _path: str) -> str:
        return self.path.read_text(encoding="utf-8")

    def pretty_path(self, path: str) -> str:
        return path


class Engine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """papermill's own engine, which saves the notebook once a second, before the cell that applies, and at the end.

    papermill saves before and after every cell, text included. Each save renders and validates the whole notebook,
    while the kernel waits: a third of this process's time.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any) -> None:
        save = nb_man.save

        def save_when_due(**values: Any) -> None:
            running = next(filter(_is_running_code, nb_man.nb.cells), None)
            age = (nb_man.now() - nb_man.last_save_time).total_seconds()
            if nb_man.end_time or (running and (age >= SAVE_SECONDS or APPLIES in running.metadata.get("tags", ()))):
                save(**values)

        nb_man.save = save_when_due
        super().execute_managed_notebook(nb_man, kernel_name, **options)


def _is_running_code(cell: Any) -> bool:
    return bool(cell.cell_type == "code" and cell.metadata.papermill.status == NotebookExecutionManager.RUNNING)


papermill_engines.register(ENGINE, Engine)
