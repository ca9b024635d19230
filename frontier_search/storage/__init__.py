"""Where a search is kept, and what is read of it."""

from frontier_search.machine import require_posix

require_posix()  # before this room's modules import fcntl, which Windows does not have
