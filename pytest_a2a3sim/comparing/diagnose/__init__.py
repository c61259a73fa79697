"""What the mismatches of a tensor look like."""
