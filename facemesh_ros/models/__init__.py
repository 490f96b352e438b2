"""Model files: fetch, check, convert, store. The node only loads them."""
