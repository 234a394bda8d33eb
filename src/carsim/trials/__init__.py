"""Virtual trials: arms on the same patients, who is counted, clocks, estimators and comparisons.

    scenario ── feasible ──▶ arms ── conduct ──▶ DataTree (courses that endpoints read, records, endpoints, by arm)
    DataTree ── evaluate ──▶ estimates of arms and groups, comparisons of arms and groups

A stored trial is evaluated again without simulating: what its endpoints read is in it.
"""
