"""Answers that were paid for, kept below the outputs of their account: a file for each question."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from orgkit.model.canonical_json import canonical_line
from orgkit.records.files import as_json, private_folder, read_json, write_private

FOLDER = "cost-explorer"
PAID_SOURCE = "aws"  # "where" of a question that cost something; otherwise it is an emulator's address


class FileResponseCache:
    """In base/<account>/cost-explorer/; what cannot be read there counts as never asked."""

    def __init__(self, base: Path, account: str) -> None:
        self._folder = base / account / FOLDER

    def get(self, request: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]] | None:
        """When it was answered, and what; None when it never was."""
        cached = read_json(self._place(request))
        try:
            at = datetime.fromisoformat(cached["at"])
        except (KeyError, TypeError, ValueError):
            return None
        answer = cached.get("answer")
        if cached.get("asked") != request or at.tzinfo is None or not isinstance(answer, dict):
            return None
        return at, answer

    def put(self, request: Mapping[str, Any], at: datetime, answer: Mapping[str, Any]) -> None:
        """Keep an answer, in the place of an older one."""
        private_folder(self._folder)
        write_private(self._place(request), as_json({"asked": request, "at": at.isoformat(), "answer": answer}))

    def _place(self, request: Mapping[str, Any]) -> Path:
        return self._folder / f"{hashlib.sha256(canonical_line(request).encode()).hexdigest()[:32]}.json"


def drop_free_responses(base: Path) -> None:
    """Drop what emulators answered, for every account of a base: one that was given other bills answers otherwise.

    They cost nothing; an answer of AWS was paid for, and stays.
    """
    for file in base.glob(f"*/{FOLDER}/*.json"):
        request = read_json(file).get("asked")
        if isinstance(request, dict) and request.get("where", PAID_SOURCE) != PAID_SOURCE:
            file.unlink(missing_ok=True)
