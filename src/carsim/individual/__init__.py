"""The most probable parameters of one patient, from a series of measurements and from what patients are like."""
