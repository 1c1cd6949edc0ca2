"""What packets do: one forwarding routine over the tables, and the Trace it leaves behind.

No file here knows who wrote the lines it reads. Words: a Step is one thing that happened; a Sighting
is a step that tcpdump would show; a Trace is all steps of a probe; a Verdict says how it ended.
"""
