"""What scoring runs looked like beside the training, and how they turned out."""
