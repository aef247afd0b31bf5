"""A declarative reconciler for PostgreSQL on Aiven: YAML in, a reviewed plan out, and just that applied."""

__version__ = "0.1.0"
