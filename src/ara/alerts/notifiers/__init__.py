"""Ways to tell somebody; each is found by its entry point in `ara.notifiers`."""
