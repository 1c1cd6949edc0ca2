"""Sphinx's configuration for the course as pages (see pages.py): nothing is run, nothing is asked of another machine."""

from labkit import __version__ as release  # noqa: F401

project = "Container networking by hand"
author = copyright = "the labkit contributors"
language = "en"

extensions = ["myst_nb"]
myst_heading_anchors = 3
nb_execution_mode = "off"      # the stored outputs are the executed course; the tests hold them to every byte
nb_ipywidgets_js = {}          # else they come from elsewhere
nb_merge_streams = True
suppress_warnings = ["misc.highlighting_failure"]  # a cell for the lab is shell and not Python

html_theme = "furo"
html_title = project
html_copy_source = False       # the notebooks are in the course itself
html_show_sphinx = False
