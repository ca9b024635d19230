"""The frontier as a page in one file, which needs no network.

contents        what the page knows: one JSON object
page.html       the frame, with a still picture that is there at once
page.js         the controls; Plotly's basic bundle (plotly-basic.min.js, MIT) draws
curves.js       the learning curves of a member
mistakes.js     what a member gets wrong
parallel.js     every trial as a line, brushed by mouse or sliders
links.js        where MLflow is, if `ui` serves the page
page.css        light and dark, wide and narrow
"""
