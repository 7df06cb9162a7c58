"""Traces for whoever collects them: what was done, how long it took, and nothing of whom it was done for."""
