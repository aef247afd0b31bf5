"""Kinds are data: a JSON Schema file says what a kind of resource is and how the API is called for it."""
