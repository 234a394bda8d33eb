"""Scenario files: text with positions → tree → merged with parents, overrides and catalogue → frozen Scenario.

`load` and `loads` read a scenario, `dump` writes its complete resolved form, `json_schema` describes the format to
editors, `starter` is the text that `carsim init` writes.
"""
