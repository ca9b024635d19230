"""A model as one file of Python that needs only numpy.

``model`` is what the file holds beside the plan, ``rows`` how it reads raw rows, and ``bundler``
takes the definitions that they need out of this package, so that nothing is written twice.
"""
