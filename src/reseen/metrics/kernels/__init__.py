"""Threads, ragged arrays, the k best of each row, and what the compiled loops of evaluation need."""
