"""Image messages to frames: subscription, newest-image queue, scheduling of several cameras."""
