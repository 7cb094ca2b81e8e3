"""Truth and pictures: VOC, splits, synthetic and composite metaphases."""
