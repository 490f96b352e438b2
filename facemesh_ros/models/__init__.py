"""Provisioning of model files: fetch, check, convert, store. The node never does any of this."""
