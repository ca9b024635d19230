"""``python -m frontier_search`` is the command ``frontier-search``."""

from frontier_search.cli.main import main

if __name__ == "__main__":
    main()
