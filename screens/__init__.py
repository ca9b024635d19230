"""Every screen of this project, made anew: ``make screens`` (screens/make.py).

terminal        records a command in a terminal of its own
drawn_terminal  draws a recording as an SVG that plays
checks          what can be asserted about a page in a browser
small           a small search and a small study whose screens are shown
make            the script
readme          the pictures of the README
"""
