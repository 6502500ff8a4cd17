"""Speed and memory against peers and limits, side by side in one run, as ratios; and calibration. Run: `make bench`."""
