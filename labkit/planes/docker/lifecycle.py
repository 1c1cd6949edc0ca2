"""`docker start|stop|restart|kill|rm`: one container after the other, each name echoed when done."""

from collections.abc import Callable

from ...commands.result import Context, Result
from .container import Container
from .flags import Flags
from .refused import Refused


def start(engine, ctx: Context, args: list[str]) -> Result:
    flags = _flags("start", {"attach": "a", "interactive": "i"}, args)
    result = _each(engine, flags, engine.start_container)
    if result.returncode:
        failed = ", ".join(word for word in flags.words if f"{word}\n" not in result.stdout.splitlines(keepends=True))
        return Result(1, result.stdout, f"{result.stderr}Error: failed to start containers: {failed}\n")
    return result


def stop(engine, ctx: Context, args: list[str]) -> Result:
    return _each(engine, _flags("stop", {"time": "t:"}, args), engine.stop_container)


def restart(engine, ctx: Context, args: list[str]) -> Result:
    def again(container: Container) -> None:
        engine.stop_container(container)
        engine.start_container(container)

    return _each(engine, _flags("restart", {"time": "t:"}, args), again)


def kill(engine, ctx: Context, args: list[str]) -> Result:
    def end(container: Container) -> None:
        if not container.running:
            raise Refused(f"Cannot kill container: {container.name}: Container {container.id} is not running")
        engine.stop_container(container)

    return _each(engine, _flags("kill", {"signal": "s:"}, args), end)


def rm(engine, ctx: Context, args: list[str]) -> Result:
    flags = _flags("rm", {"force": "f", "link": "l", "volumes": "v"}, args)

    def remove(container: Container) -> None:
        if container.running and not flags.on("force"):
            raise Refused(
                f"You cannot remove a running container {container.id}. "
                "Stop the container before attempting removal or force remove"
            )
        engine.stop_container(container)
        engine.remove(container)

    return _each(engine, flags, remove, "Error: ")


def _flags(command: str, known: dict[str, str], args: list[str]) -> Flags:
    flags = Flags(command, known, args)
    flags.need(1)
    return flags


def _each(engine, flags: Flags, do: Callable[[Container], None], missing: str = "Error response from daemon: ") -> Result:
    """Go on after a refusal, as the client does. `missing` stands before "No such container"."""
    out, err = "", ""
    for word in flags.words:
        try:
            container = engine.find(word)
        except Refused as error:
            err += f"{missing}{error}\n"
            continue
        try:
            do(container)
            out += f"{word}\n"
        except Refused as error:
            err += f"Error response from daemon: {error}\n"
    return Result(1 if err else 0, out, err)
