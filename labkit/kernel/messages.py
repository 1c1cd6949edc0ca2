"""Netlink messages as bytes: encoded with pyroute2's message classes, sent by the child.

Encoding needs no socket, so this side does it, with the packages of the notebook; the child stays small and quick.
"""

from functools import cache

NEWLINK, SETLINK, NEWADDR, NEWROUTE, DELROUTE, NEWNEIGH, NEWRULE, DELRULE, SETNEIGHTBL = 16, 19, 20, 24, 25, 28, 32, 33, 67
REQUEST, ACK, REPLACE, EXCL, CREATE, APPEND = 1, 4, 0x100, 0x200, 0x400, 0x800
AF_INET, AF_BRIDGE = 2, 7


@cache
def _classes():
    """Loaded when first used: it takes pyroute2 a tenth of a second."""
    from pyroute2.netlink.rtnl.fibmsg import fibmsg
    from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
    from pyroute2.netlink.rtnl.ndmsg import ndmsg
    from pyroute2.netlink.rtnl.ndtmsg import ndtmsg
    from pyroute2.netlink.rtnl.rtmsg import rtmsg

    return {
        NEWLINK: ifinfmsg,
        SETLINK: ifinfmsg,
        NEWADDR: ifaddrmsg,
        NEWROUTE: rtmsg,
        DELROUTE: rtmsg,
        NEWNEIGH: ndmsg,
        NEWRULE: fibmsg,
        DELRULE: fibmsg,
        SETNEIGHTBL: ndtmsg,
    }


def message(kind: int, mode: int, attributes: list, /, **fields) -> bytes:
    """One request, acknowledged; `mode` is CREATE, EXCL, ….

    `attributes` are (name, value) pairs; those of value None are left out.
    """
    made = _classes()[kind]()
    for name, value in fields.items():
        made[name] = value
    made["attrs"] = present(attributes)
    made["header"]["type"] = kind
    made["header"]["flags"] = REQUEST | ACK | mode
    made.encode()
    return bytes(made.data)


def present(attributes: list) -> list[list]:
    return [[name, value] for name, value in attributes if value is not None]


def nested(attributes: list) -> dict:
    return {"attrs": present(attributes)}
