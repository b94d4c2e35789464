"""The input `kubernetes_events`: the events of a cluster."""
