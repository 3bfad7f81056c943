"""What goes wrong with an engine."""


class EngineError(Exception):
    """An engine can't be found, started or used; the text is one line for whoever runs Clew."""
