"""What people read about a search: tables, figures, reports, the live view.

Nothing here loads MLflow or torch.

tables     the frontier and the trials for a terminal, as JSON and as CSV; rows: what stands in them
chart      what a figure of the frontier shows; figure draws it as PNG (matplotlib) and as a page (plotly)
study      a report over many searches; study_claims: its claims; document: HTML and Markdown
live       the progress of a running search; progress: that of one that may be running
"""
