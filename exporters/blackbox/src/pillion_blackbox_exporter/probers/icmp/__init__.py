"""ICMP: one echo request, and the reply to it."""
