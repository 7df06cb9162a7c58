"""Delivers campaigns durably: chunks of recipients as jobs, a ledger that is right after any crash, one common rate."""
