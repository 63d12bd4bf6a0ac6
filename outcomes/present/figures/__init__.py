"""Figures drawn from results: every number in them is one that a result holds."""
