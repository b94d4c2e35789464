"""The Kubernetes API, as filters and inputs ask it."""
