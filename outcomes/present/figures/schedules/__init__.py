"""Figures of a comparison of maintenance schedules."""
