"""Clean image to masks that may overlap."""
