"""Bare mirrors of Git repositories on disk: fetch, refs, trees, blobs, log. Knows no Django."""
