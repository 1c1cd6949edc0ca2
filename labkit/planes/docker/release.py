"""What differs between the engines that the lab knows, said once: their names, the client's footer, and how they word a refusal.

20.10 is the engine of the notes' time, 29 today's (recordings of both in tests/recordings; moby and docker/cli at v20.10.24 and v29).
"""

#: Engine -> what `docker --version` says.
RELEASES = {"29": "29.7.2", "20.10": "20.10.24"}

_USER_DEFINED = "user-specified IP address is supported on user-defined networks only"
#: A refusal's name -> (20.10's words, 29's).
_WORDS = {
    "container format": ("Invalid network mode: invalid container format container:<name|id>",
                         "invalid network mode: invalid container format container:<name|id>"),
    "not running": ("cannot join network of a non running container: {id}",
                    "cannot join network namespace of a non running container: container {name} is {status}"),
    "not found": ("No such container: {name}", "joining network namespace of container: No such container: {name}"),
    "itself": ("cannot join own network", "cannot join own network namespace"),
    "foreign address": ("Invalid address {ip}: It does not belong to any of this network's subnets",
                        "invalid config for network {network}: invalid endpoint settings:\nno configured subnet contains IP address {ip}"),
    "host port": ("Invalid hostPort: {text}", "invalid hostPort: {text}"),
    "container port": ("Invalid containerPort: {text}", "invalid containerPort: {text}"),
    "address": ("Invalid ip address: {text}", "invalid IP address: {text}"),
    "no port": ("No port specified: {text}<empty>", "no port specified: {text}<empty>"),
    "ranges": ("Invalid ranges specified for container and host Ports: {inner} and {outer}",
               "invalid ranges specified for container and host Ports: {inner} and {outer}"),
    "proto": ("Invalid proto: {text}", "invalid proto: {text}"),
    "retries": ("maximum retry count must be an integer", "invalid restart policy format: maximum retry count must be an integer"),
    "policy": ("Error response from daemon: invalid restart policy '{text}'",
               "Error response from daemon: invalid restart policy: unknown policy '{text}'; "
               "use one of 'no', 'always', 'on-failure', or 'unless-stopped'"),
    "no retries": ("Error response from daemon: maximum retry count cannot be used with restart policy '{text}'",
                   "Error response from daemon: invalid restart policy: maximum retry count can only be used with 'on-failure'"),
    "proxy": ("Error starting userland proxy: listen {proto}4 {ip}:{port}: bind: {why}",
              "failed to bind host port {ip}:{port}/{proto}: {why}"),
    "no network": ("Error: No such network: {name}", "Error response from daemon: network {name} not found"),
    "no process": ("Container {id} is not running", "container {id} is not running"),
    "cannot kill": ("Cannot kill container: {name}: Container {id} is not running",
                    "cannot kill container: {name}: container {id} is not running"),
    "running": ("You cannot remove a running container {id}. Stop the container before attempting removal or force remove",
                'cannot remove container "{name}": container is running: stop the container before removing or force remove'),
    "overlap": ("Pool overlaps with other one on this address space",
                "invalid pool request: Pool overlaps with other one on this address space"),
    "no object": ("Error: No such object: {name}", "error: no such object: {name}"),
    "in use": ("{name} id {id} has active endpoints", "{name} has active endpoints ({ends})"),
    "no command": ("docker: '{word}' is not a docker command.\nSee 'docker --help'\n",
                   "docker: unknown command: docker {word}\n\nRun 'docker --help' for more information\n"),
    "usage": ("{complaint}\nSee 'docker {name} --help'.\n",
              "{complaint}\n\nUsage:  {usage}\n\nRun 'docker {name} --help' for more information\n"),
    "arguments": ('"docker {name}" {rule} argument{plural}.', "docker: 'docker {name}' {rule} argument{plural}"),
    "exactly": ("requires exactly {least}", "requires {least}"),
    "not published": ("Error: No public port '{port}' published for {name}", "no public port '{port}' published for {name}"),
}  # fmt: skip


def said(version: str, name: str, /, **values) -> str:
    """A refusal in the words of that engine."""
    return _WORDS[name][version != "20.10"].format(**values)


def wrong_endpoint(network: str, ip: object, aliases: bool, user_defined: bool, inside: bool) -> str:
    """What 29 says of an --ip or alias that it does not take, or ""; one line a fault, or one `* ` each."""
    faults = [_USER_DEFINED] if ip is not None and not user_defined else []
    faults += ["network-scoped aliases are only supported for user-defined networks"] if aliases and not user_defined else []
    faults += [f"no configured subnet contains IP address {ip}"] if ip is not None and not inside else []
    if not faults:
        return ""
    mark = "* " if len(faults) > 1 else ""
    return "\n".join([f"invalid config for network {network}: invalid endpoint settings:", *(f"{mark}{fault}" for fault in faults)])


def footer(version: str, command: str, message: str, helps: bool = True) -> str:
    """A message as the client ends it: with a full stop and, where it `helps`, a line of advice; 29 with the advice alone."""
    if version == "20.10":
        return f"{message.removesuffix('.')}.\n" + (f"See 'docker {command} --help'.\n" if helps else "")
    return f"{message}\n\nRun 'docker {command} --help' for more information\n"
