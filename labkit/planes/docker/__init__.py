"""Docker as a control plane: an engine per machine, and the `docker` command that talks to it.

The engine is that of Docker 29, today's, or of 20.10, the notes' (`Docker(lab, version="20.10")`). It only types lines: bridges,
addresses, routes, sysctls, and what it tells the packet filter (firewall.py). What the two write and say differently stands in
firewall.py, container.py (`plug`) and release.py. Inside a container everything is allowed, as with `--privileged`; IPv6, the
nftables backend and networks in gateway mode `isolated` are not there.
"""

from .dockerd import Docker

__all__ = ["Docker"]
