"""The built wheel, installed in throw-away environments: ``make test-wheel``."""
