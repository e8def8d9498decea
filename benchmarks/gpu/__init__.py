"""What needs a GPU, measured in one call: `python benchmarks/gpu`."""
