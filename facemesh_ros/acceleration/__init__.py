"""Models on a provider: what runs where, and if not on the GPU, why not and what to do."""
