"""Rows: datasets, splits, and files of the user."""
