"""What the last apply left: read without a lock, changed only inside a run that holds it.

`stores.file.FileStore` is the way in. A run announces each write before it is sent and notes its outcome
after, each durably, in a journal; leaving the run folds the journal into the state file.
"""
