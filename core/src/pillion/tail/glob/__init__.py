"""Which paths a glob stands for, now and by its text alone."""
