"""The scores of this field, NumPy only: arrays in, numbers out."""
