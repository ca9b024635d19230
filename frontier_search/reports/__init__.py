"""What people read about a search: tables, figures, reports, the live view.

Nothing here loads MLflow or torch.

tables          the frontier and the trials for a terminal, as JSON and as CSV
rows            rows of plain data for a terminal, as JSON and as CSV
chart           what a figure of the frontier shows
axis            the axes of a figure
palette         the colour of each family
drawing         draws the chart with Matplotlib
figures/        the zoo of figures: how the chart is drawn, a format a file
page/           the interactive page
illustrations   graphs and spectra, the recurrence, the winner map
study           the report on a study
study_claims    the claims of that report, and who owns the frontiers
document        writes a report as HTML and as Markdown
words           numbers as words of a report
screen          a panel on a terminal, lines of text elsewhere
live            the live view of a running search
live_sweep      the live view of a sweep
live_mirror     how far the mirror is
progress        the progress of any search, read from its storage
"""
