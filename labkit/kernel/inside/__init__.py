"""What runs in the child process, inside the namespaces; the rest of `kernel` talks to it through two pipes.

Python's standard library only, and as little of it as possible: the child starts for every realized lab, so its
start-up time is the learner's waiting time. It is started by its own path, without the packages of the notebook.
"""
