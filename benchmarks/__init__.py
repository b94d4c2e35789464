"""Programs that measure Pillion beside its peers: CPU seconds and ratios, in one run."""
