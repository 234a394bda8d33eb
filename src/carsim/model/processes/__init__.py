"""One biological process per file; each adds its rows to the body and nothing else mentions what it does."""
