"""Docker as a control plane: an engine per machine, and the `docker` command that talks to it.

The engine is that of Docker 20.10, run with `--iptables=false`: its bridges, addresses, routes and
sysctls are all there, its packet filter and NAT are not. So a container's packets leave the machine
with the container's own source address, other networks' containers are not shielded from each other,
and a published port is held open on the host (docker-proxy) but not translated. `--ip-masq` shows in
`docker network inspect` only. Inside a container everything is allowed, as with `--privileged`.
"""

from .dockerd import Docker

__all__ = ["Docker"]
