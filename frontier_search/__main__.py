"""``python -m frontier_search`` is the command ``frontier-search``."""

import sys

if not sys.flags.safe_path:
    # Python searches the user's folder first, where a file torch.py would stand in for torch.
    sys.path.append(sys.path.pop(0))

from frontier_search.cli.main import main

if __name__ == "__main__":
    main()
