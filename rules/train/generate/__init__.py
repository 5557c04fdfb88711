"""Labelled values by grammar: attacks of each class and innocent text. `python -m generate --help`."""
