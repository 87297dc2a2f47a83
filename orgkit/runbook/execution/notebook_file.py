"""The notebook of a run on the disk, saved again and again while it runs: whole, or as it was saved before."""

from pathlib import Path

from papermill.iorw import papermill_io

from orgkit.journal.file_writes import replace_file


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
