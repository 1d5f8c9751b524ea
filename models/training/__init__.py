"""From the open data sets to the weights that Parkcore brings. No part of the product.

    python -m models.training DATASETS --start yolov8n.pt --work WORK

makes the detector: see `__main__`. The command line needs nothing beyond Parkcore's own
requirements; `models.training.render` alone needs Blender's Python module.
"""
