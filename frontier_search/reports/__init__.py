"""Projections of the storage: tables, figures, and the MLflow mirror. Each can be made again at any time from the trials alone.

tables      the frontier and the trials for a terminal, as JSON and as CSV
scene       what a frontier figure shows; figure draws it as PNG (matplotlib) and as a page (plotly)
mirror      every trial in MLflow; contents (what a run holds), curve (hypervolume), charts (the view that a link opens), models
server      serves the mirror's pages on 127.0.0.1

Tables and figures load neither MLflow nor torch; the mirror loads torch only to log a model.
"""
