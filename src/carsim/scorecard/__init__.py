"""The scorecard: every published fact beside what the simulated trials say of it.

    catalogue ── conduct ──▶ a trial of each system, stored
    fact + trial ── observe ──▶ Observation: the columns of the patients that the fact speaks of, and its statistic
    Observation ── predict ──▶ estimate, and its predictive interval for as many patients as were published
    ── score ──▶ Scored facts, and their summary beside the baselines

Nothing that is simulated reads a fact.
"""
