"""What a search found, made ready to be shown: one module for each kind."""
