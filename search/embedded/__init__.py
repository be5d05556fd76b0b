"""The engine without a server: SQLite files with an index of trigrams, in the data folder."""
