"""Training data: arrays made into batches."""
