"""HTTP: the app and its routes, the guarded edge in front of it, problems, metrics."""
