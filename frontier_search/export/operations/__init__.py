"""Operations, one kind a file: the steps of a plan, in numpy and as a call of a C function.

``export.operation`` says which parts an operation has.
"""
