"""Outputs and expected values -> differences, and what they look like."""
