"""The account over HTTP: a request is parsed, done to the account, and answered as JSON."""
