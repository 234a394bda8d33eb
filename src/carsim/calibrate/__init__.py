"""Calibration: free parameters of a study fitted to published facts, with what remains uncertain.

study      the file: free parameters with their priors, the facts used, how much is simulated
design     points of the parameters, one for each virtual patient
waves      trials of every system in which each patient has a point of its own, stored
evidence   what each fact published, and what each simulated patient contributes to it
emulator   how the probability of each outcome depends on the parameters
posterior  the mode and draws of the parameters, given facts and priors
validation       cross-validation over trials
identifiability  how much the facts tell of each parameter
conduct    all of it in order, with a check of the emulator by simulation
result     what is written: values, draws, provenance
"""
