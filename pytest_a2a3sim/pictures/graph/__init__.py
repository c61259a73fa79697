"""Task graphs as they are drawn: folded, and in the languages of those who draw them."""
