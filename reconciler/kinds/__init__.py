"""Kinds are data: a JSON Schema file says what a kind is and how the API is called for it."""
