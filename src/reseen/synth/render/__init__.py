"""What every picture is made with: meshes and paint, light and shadow, the software renderer, cameras, workers."""
