"""How it is said: templates in a sandbox, words in every language, dates in words; out comes semantic HTML."""
