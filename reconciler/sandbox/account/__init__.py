"""The account: its nouns and what may be done to them. Pure and synchronous, no HTTP."""
