"""Images, and what the programs in them do: every image is there already, and a few run something that listens.

A container that is given a command runs that, and no more; one that is not runs its image's. `lab/web` answers HTTP with one line, its
container's name and the address from which it was asked; its ports are those of the variable PORTS.
"""

from dataclasses import dataclass

from ...lab.program import Listener
from .. import go


@dataclass(frozen=True, slots=True)
class Image:
    """`command` is what `docker ps` shows, `program` who listens at `ports`; `answers` HTTP."""

    command: tuple[str, ...]
    program: str = ""
    ports: tuple[int, ...] = ()
    answers: bool = False


_WEB = Image(("/web",), "web", (80,), True)
#: Repository -> image. The real ones of these names listen at the same ports; their pages are long, the lab's are one line.
IMAGES = {
    "lab/web": _WEB,
    "nginx": Image(("/docker-entrypoint.sh", "nginx", "-g", "daemon off;"), "nginx", (80,), True),
    "httpd": Image(("httpd-foreground",), "httpd", (80,), True),
    "redis": Image(("docker-entrypoint.sh", "redis-server"), "redis-server", (6379,)),
}
#: What a container of another image runs when nothing else is said.
IDLE = Image(("sleep", "infinity"))


def repository(name: str) -> str:
    """`docker.io/library/nginx:1.27` is nginx."""
    path = name.partition("@")[0]
    head, slash, last = path.rpartition("/")
    return (head + slash).removeprefix("docker.io/").removeprefix("library/") + last.partition(":")[0]


def image_of(name: str) -> Image:
    return IMAGES.get(repository(name), IDLE)


def listeners(image: Image, name: str, environment: dict[str, str]) -> list[Listener]:
    """The sockets that an image's program opens in a container of this name; ValueError for ports that are none."""
    ports = image.ports
    if image is _WEB and "PORTS" in environment:
        ports = tuple(map(go.unsigned, environment["PORTS"].replace(",", " ").split()))
        if bad := [port for port in ports if not 0 < port < 65536]:
            raise ValueError(f"{bad[0]}: no port")
    says = f"name={name} client={{client}}\n" if image.answers else ""
    return [Listener("tcp", None, port, image.program, says) for port in ports]
