"""The nouns Linux keeps, as plain values: routes, rules, neighbours, forwarding entries.

Nothing here knows of namespaces, commands or packets that move.
"""
