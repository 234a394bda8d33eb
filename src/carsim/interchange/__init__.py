"""Models and doses in the forms that other tools read: SBML, COMBINE archives, PEtab problems, tables of events."""
