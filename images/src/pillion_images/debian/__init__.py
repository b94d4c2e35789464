"""A base image out of Debian's packages, where none can be pulled."""
