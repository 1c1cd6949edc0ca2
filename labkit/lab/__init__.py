"""The things tables belong to: packets, interfaces, namespaces, and the lab that joins them.

Every rule here is the kernel's own (what adding an address does, what a veth end sees of its
peer); commands and control planes call it, and never write a table behind its back.
"""
