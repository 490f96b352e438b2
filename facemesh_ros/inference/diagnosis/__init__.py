"""Why a GPU does not run the models, and the remedy."""
