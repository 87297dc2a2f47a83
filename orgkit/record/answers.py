"""Answers that were paid for, kept below the outputs of their account: a file for each question."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from orgkit.record.files import as_json, private_folder, read_json, write_private

FOLDER = "cost-explorer"
PAID = "aws"  # "where" of a question that cost something; otherwise it is an emulator's address


class KeptAnswers:
    """In base/<account>/cost-explorer/; what cannot be read there counts as never asked."""

    def __init__(self, base: Path, account: str) -> None:
        self._folder = base / account / FOLDER

    def get(self, asked: Mapping[str, Any]) -> tuple[datetime, dict[str, Any]] | None:
        """When it was answered, and what; None when it never was."""
        found = read_json(self._place(asked))
        try:
            at = datetime.fromisoformat(found["at"])
        except (KeyError, TypeError, ValueError):
            return None
        answer = found.get("answer")
        if found.get("asked") != asked or at.tzinfo is None or not isinstance(answer, dict):
            return None
        return at, answer

    def put(self, asked: Mapping[str, Any], at: datetime, answer: Mapping[str, Any]) -> None:
        """Keep an answer, in the place of an older one."""
        private_folder(self._folder)
        write_private(self._place(asked), as_json({"asked": asked, "at": at.isoformat(), "answer": answer}))

    def _place(self, asked: Mapping[str, Any]) -> Path:
        canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"))
        return self._folder / f"{hashlib.sha256(canonical.encode()).hexdigest()[:32]}.json"


def forget_free(base: Path) -> None:
    """Drop what emulators answered, for every account of a base: one that was given other bills answers otherwise.

    They cost nothing; an answer of AWS was paid for, and stays.
    """
    for file in base.glob(f"*/{FOLDER}/*.json"):
        asked = read_json(file).get("asked")
        if isinstance(asked, dict) and asked.get("where", PAID) != PAID:
            file.unlink(missing_ok=True)
