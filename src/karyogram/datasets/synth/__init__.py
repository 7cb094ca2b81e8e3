"""Synthetic metaphases: G-banded cells drawn from the band table, with perfect truth."""
