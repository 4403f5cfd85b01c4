"""Version 1: the paths and shapes that clients of the older packages know."""
