"""Builds what a visitor or a reader opens: the course in the browser alone (lite), and the course as pages (pages)."""
