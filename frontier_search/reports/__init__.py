"""What people read about a search: tables, figures, reports, the live view.

Nothing here loads MLflow or torch.

tables          the frontier and the trials for a terminal, as JSON and as CSV
rows            rows of plain data for a terminal, as JSON and as CSV
chart           what a figure of the frontier shows
axis            the axes of a figure
palette         the colour of each family
drawing         draws the chart with Matplotlib
dark            pictures that are dark on a dark screen
fewer_bytes     pictures that take less of a disk and look the same
figures/        the zoo of figures: how the chart is drawn, a format a file
page/           the interactive page
pictures        what the pictures of a report have in common
illustrations   graphs and spectra, the recurrence
forest          forest plots of claims and of ratios of losses
winner_map      who owns each frontier
formulas        the equations of a reservoir
study/          the report on a study, a part a file
blocks          what a report consists of
document        writes a report; document_html and document_markdown are its two forms
words           numbers as words of a report
screen          a panel on a terminal, lines of text elsewhere
live            the live view of a running search
live_sweep      the live view of a sweep
live_mirror     how far the mirror is
progress        the progress of any search, read from its storage
"""
