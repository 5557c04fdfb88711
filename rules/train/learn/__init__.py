"""Learning the weights of the detectors. `python -m learn --help`; why it is done so stands in ../README.md."""
