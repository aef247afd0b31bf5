"""A plan → a changed world: exactly its steps, in its order, each announced before it is sent."""
