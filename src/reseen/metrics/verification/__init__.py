"""Are these two pictures one identity: thresholds, the errors made at them, and search that may say unknown."""
