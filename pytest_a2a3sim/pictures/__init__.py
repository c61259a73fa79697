"""Results -> what is looked at: traces, graphs, pages."""
