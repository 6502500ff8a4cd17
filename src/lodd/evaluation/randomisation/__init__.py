"""What chance alone would have given: the actual mechanism redraws the lots, every statistic is refitted each time."""
