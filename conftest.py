"""What the test suite needs of pytest; its fixtures are those of tests/conftest.py.

`pytest examples` reads this file too, and pays for what it imports.
"""

pytest_plugins = ["pytester"]
