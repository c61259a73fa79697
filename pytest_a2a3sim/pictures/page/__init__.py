"""The page of ``--sim-html``: data of cases, and the file that they are put into."""
