"""The engine that runs PostgreSQL and PgBouncer: one cluster and one pooler for each service."""
