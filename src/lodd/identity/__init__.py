"""Identity numbers, pseudonyms, keys."""
