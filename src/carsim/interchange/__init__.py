"""Models and doses in the forms that other tools read: SBML, COMBINE, PEtab, mrgsolve, tables of events."""
