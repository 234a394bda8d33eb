"""The classroom: the model in one page that works offline, with the settings that a class can turn."""
