"""A trained model as C, and what it costs on a microcontroller.

``emitters/`` turn an architecture and its learned scalars into a ``Plan``, a list of
``operations/``. A plan can be executed with numpy (the reference), written as C that gives the same
bits, and costed before anything is trained. ``runtime/`` holds the C of every operation and
``devices/`` the cores. Nothing here loads torch.
"""
