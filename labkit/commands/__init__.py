"""The lab's shell: the words of iproute2, net-tools and iputils in, tables changed or text out."""
