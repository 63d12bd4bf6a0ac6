"""The mathematics underneath: arrays and frames in, estimates out.

Nothing in this package knows what the numbers are about. It speaks of subjects, visits, outcomes,
clusters and groups, imports nothing of the suite but its errors, and could be lifted out as a
package of its own.
"""
