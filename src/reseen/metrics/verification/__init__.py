"""Whether two images show one identity: thresholds, the errors at them, and search that may answer "unknown"."""
