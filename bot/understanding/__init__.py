"""From a reader's words to an intent and an entity, or an honest refusal: small, local, without a network."""
