"""Networks, augmentation, fitting, export. torch lives here and nowhere else."""
