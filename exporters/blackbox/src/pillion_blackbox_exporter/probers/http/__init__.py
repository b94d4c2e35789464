"""HTTP: `prober` is the main path; each other file is one step of it."""
