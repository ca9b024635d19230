"""The owner of a search whose outcomes are exchanged: the session that started last.

There is no lock across machines. A session that starts writes who it is into ``session.json``. It
reads that file before it records or queues a cohort, and stops if it is no longer the owner.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from frontier_search.errors import SearchError
from frontier_search.files import read_whole, write_whole
from frontier_search.storage.lock import described, signature

if TYPE_CHECKING:
    from frontier_search.files import AnyPath


class Owner:
    """Which session owns a search.

    Args:
        root: the folder of the search's name where outcomes are exchanged. None for a search's own
            folder, which has a lock.

    Every method raises OSError when the disk or the bucket reports an error.
    """

    def __init__(self, root: AnyPath | None) -> None:
        self._root = root
        self._signature: bytes | None = None  # None until this session takes the search over

    def take_over(self) -> None:
        """Makes this session the owner.

        A previous owner that is still running stops at its next check.
        """
        if self._root is not None:
            self._signature = json.dumps(signature() | {"session": secrets.token_hex(8)}).encode()
            write_whole(self._root / "session.json", self._signature)

    def require_ours(self) -> None:
        """Raises SearchError, with the new owner, when another session has taken over."""
        if self._root is None or self._signature is None:
            return
        found = read_whole(self._root / "session.json")
        if found not in (None, self._signature):
            raise SearchError(
                f"{described(found)} has taken the search over, with the outcomes in {self._root},"
                " since this session began; nothing is lost: it continues there, with everything"
                " that is finished here. Resume it here to take it back."
            )
