"""What is known: the fact pack's models, its loader with every finding, and queries as of an instant."""
