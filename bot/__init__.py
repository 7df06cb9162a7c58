"""A chatbot that explains one local controversy from a checked fact base."""

__version__ = "0.1.0"
