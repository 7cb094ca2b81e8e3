"""A read metaphase to pictures: the karyogram, the overlay, the chromosomes one by one."""
