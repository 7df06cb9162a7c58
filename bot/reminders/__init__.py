"""Who is told what, and when: subscriptions, what is due at an instant, and its delivery."""
