"""Data: tables of images, the readers that make them, transforms, samplers and loaders."""
