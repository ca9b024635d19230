"""Training in compiled code: ``kernel.c``, how it is found on this machine, and how it is called.

The torch network stays the definition. A contract test compares the losses, the weights and the
selected epochs of both, for every family that the kernel covers.
"""
