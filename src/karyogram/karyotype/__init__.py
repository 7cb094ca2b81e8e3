"""Probabilities of a cell to places, counts, text and review flags."""
