"""Data that goes from stage to stage. It imports nothing else of the package."""
