"""reseen: find the same individual again among pictures from other cameras."""
