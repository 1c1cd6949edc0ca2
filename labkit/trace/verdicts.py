"""How a probe ended, from its steps and replies: one value, one sentence."""

import errno

from ..errors import strerror
from ..lab.packet import ICMP_WORDS
from .steps import Reply, Step, Verdict


def verdict(steps: tuple[Step, ...], replies: tuple[Reply, ...], delivered: bool, source: str, arrivals: list[str]) -> Verdict:
    """The verdict on a probe: a storm, answered, refused, an error that came back, or where it died."""
    storm = next((s for s in steps if s.kind == "storm"), None)
    if storm is not None:
        return Verdict("loop", storm.namespace, storm.why, cause=storm)
    answer = next((r for r in replies if r.kind == "reply"), None)
    if answer is not None:
        with_ttl = f" with TTL {answer.ttl}" if answer.ttl else ""
        return Verdict("answered", arrivals[-1], f"the answer came back to {source}{with_ttl}", True)
    for reply in replies:
        if reply.kind == "refused":
            return Verdict("connection refused", arrivals[-1], f"{reply.sender} answered, but nobody listens at that port")
        if reply.kind == "local" and reply.errno != errno.ENOBUFS:
            mtu = f", mtu={reply.mtu}" if reply.mtu else ""
            return Verdict(_local_kind(reply), source, f"its own kernel refuses: {strerror(reply.errno)}{mtu}")
        if reply.kind == "error":
            return Verdict(_error_kind(reply), _raised_at(steps, reply, source), f"{reply.sender} says: {_words(reply)}")
    return _silence(steps, delivered, source, arrivals)


def _local_kind(reply: Reply) -> str:
    return strerror(reply.errno).lower()


def _error_kind(reply: Reply) -> str:
    return {(3, 13): "packet filtered", (11, 0): "ttl exceeded"}.get((reply.type, reply.code), _words(reply))


def _words(reply: Reply) -> str:
    words = ICMP_WORDS.get((reply.type, reply.code), f"ICMP type {reply.type} code {reply.code}")
    return f"{words} (mtu {reply.mtu})" if reply.mtu else words


def _raised_at(steps: tuple[Step, ...], reply: Reply, source: str) -> str:
    """The namespace that raised an error."""
    for step in reversed(steps):
        if step.kind == "raised":
            return step.namespace
    return source


def _silence(steps: tuple[Step, ...], delivered: bool, source: str, arrivals: list[str]) -> Verdict:
    """Nothing came back: the last drop says where and why, of the probe itself before errors about it."""
    drops = [s for s in steps if s.kind == "drop" and (s.packet is None or not s.packet.arp)]
    last = min(reversed(drops), key=lambda s: (s.aside, s.packet is not None and s.packet.is_error), default=None)
    if delivered:
        lost = f"; the answer was lost at {last.namespace}: {last.why}" if last else ""
        where = last.namespace if last else arrivals[-1]
        return Verdict("answer lost", where, f"the request was delivered in {arrivals[-1]}{lost}", cause=last)
    if last is None:
        return Verdict("no answer", source, "nothing came back in time")
    return Verdict("dropped", last.namespace, last.why, cause=last)

