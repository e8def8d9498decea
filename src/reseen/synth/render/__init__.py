"""Rendering: meshes and paint, light and shadow, the software renderer, cameras, worker processes."""
