"""Benchmarks: how fast it is beside others, and whether it stays so among very many. See __main__.py."""
