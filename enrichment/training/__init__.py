"""Training of the small model that is shipped, and fine-tuning; needs the extra ``train``."""
