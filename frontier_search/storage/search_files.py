"""The files of one search that its session and its workers exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontier_search import sources
from frontier_search.storage.archive import Archive
from frontier_search.storage.member_models import MemberModels
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.storage.owner import Owner

if TYPE_CHECKING:
    from frontier_search.files import AnyPath


class SearchFiles:
    """The kinds of files, each in a part of its own.

    ROOT/outcomes/       ``outcomes``: cohorts in flight
         models/         ``models``: learned scalars of the trials on the frontier
         told/           ``archive``: recorded outcomes           } only where outcomes
         session.json    ``owner``: the session that owns them    } are exchanged
         code/           ``code``: the user's own files that its families are made of, see
                         ``sources``

    Args:
        root: the search's folder, or the folder of its name where outcomes are exchanged.
        exchanged: whether outcomes are exchanged outside the search's own folder.
    """

    def __init__(self, root: AnyPath, exchanged: bool = False) -> None:
        self.root = root
        self.outcomes = OutcomeFiles(root)
        self.models = MemberModels(root)
        self.archive = Archive(root if exchanged else None)
        self.owner = Owner(root if exchanged else None)
        self.code = root / sources.FOLDER
