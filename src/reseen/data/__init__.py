"""Data: tables of pictures, the readers that make them, and what carries pictures to the network."""
