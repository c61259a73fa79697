"""Golden directories -> checked data: golden.py, kernel_config.py, inputs, expected values."""
