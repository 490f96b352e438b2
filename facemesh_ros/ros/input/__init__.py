"""Image messages to frames: subscription, newest-image queue, turns of several cameras."""
