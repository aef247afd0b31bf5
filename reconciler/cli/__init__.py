"""The commands: one file each. Parse, call, render, exit code."""
