"""Benchmarks. Each module has `main()`, prints its figures and returns the goals it missed."""
