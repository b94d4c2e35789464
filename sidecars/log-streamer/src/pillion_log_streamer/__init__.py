"""Log files of an application, to standard output: a drop-in for `tail -F` in a sidecar."""
