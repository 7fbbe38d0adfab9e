"""Models and optimizers in files: numbers and a description, nothing that runs."""
