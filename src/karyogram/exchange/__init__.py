"""A karyotype to the files that other tools read: COCO, VOC, label TIFF, CSV, QuPath and ImageJ regions."""
