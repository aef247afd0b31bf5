"""The account's nouns as the JSON the clients read."""
