"""Photograph to clean image."""
