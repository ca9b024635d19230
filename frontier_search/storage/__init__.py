"""Everything that a search keeps: its trials, its files and its name, and how they are read again.

``catalog`` defines a search and finds it again. ``storage`` opens what keeps its trials, and
``records`` says how a trial is written there. ``search_files`` holds the files that the session and
its workers exchange. ``reader`` reads a search while it is running.
"""

from frontier_search.machine import require_posix

require_posix()  # before this room's modules import fcntl, which Windows does not have
