"""Interventions: how a scenario states them and how they compile to a schedule."""
