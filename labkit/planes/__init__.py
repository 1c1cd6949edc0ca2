"""Control planes: Docker, flannel, Kubernetes. Each only writes lines into tables; none forwards."""
