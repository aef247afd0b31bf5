"""The vocabulary: frozen data that every other room speaks. Standard library only, no I/O."""
