"""A declarative reconciler for PostgreSQL on Aiven: YAML in, a reviewed plan out, exactly that plan applied."""

__version__ = "0.1.0"
