"""etcd: the store the control planes talk through, and `etcdctl` for its v2 and its v3 API."""

from .server import Etcd

__all__ = ["Etcd"]
