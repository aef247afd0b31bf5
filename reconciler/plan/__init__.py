"""The pure heart: desired, recorded and live in, one Plan out. No I/O, no clock."""
