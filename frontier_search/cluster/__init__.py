"""Searches on other machines: cluster files and their safety rules, launcher, tunnel, Jobs API."""
