"""Learning from features: targets, purged folds, shrinkage, and the frame in which a family of learners is fitted."""
