"""Threads, ragged arrays and compiled loops that the rest of the metrics is made of."""
