"""One file per place where state can be kept."""
