"""Posts to scores: sentiment models behind one seam, and the worker that applies them."""
