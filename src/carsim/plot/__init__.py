"""Figures as a paper would print them; matplotlib is imported here and nowhere above."""
