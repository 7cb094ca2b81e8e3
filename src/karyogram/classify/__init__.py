"""Strips to probabilities."""
