"""Models in integers of 8 or 16 bits, made of float32 plans after training.

``quantise`` turns a plan into an ``IntegerPlan``. Its numpy reference computes in integers, and the
C gives the same integers. Sums are 32 bits wide, and no row can make one overflow.
"""
