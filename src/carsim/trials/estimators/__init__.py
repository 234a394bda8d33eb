"""Estimators of trials, one a file: arrays in, estimates with 95 % intervals out. They know no patient and no file."""
