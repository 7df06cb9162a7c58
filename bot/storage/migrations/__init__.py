"""The schema's history; each revision in `versions` says what it changes, and none is edited once released."""
