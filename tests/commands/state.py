"""All that a command can change in a lab, as one value to compare."""


def state(lab):
    return {
        name: (
            [
                (i.index, i.name, i.kind, i.mac, i.mtu, i.up, i.master, i.peer, i.txqlen, i.arp, tuple(i.addresses))
                for i in ns.by_index()
            ],
            {number: list(table) for number, table in ns.tables.items() if len(table)},
            list(ns.rules),
            dict(ns.neighbors),
            {key: ns.sysctls[key] for key in ns.sysctls},
        )
        for name, ns in lab.namespaces.items()
    }
