"""Results -> text and files."""
