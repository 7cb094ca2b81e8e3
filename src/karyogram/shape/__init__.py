"""Mask and pixels to upright strips."""
