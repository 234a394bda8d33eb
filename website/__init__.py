"""The documentation site: pages that are made from the program itself, figures that are made by it, and the build.

    python -m website.figures           simulate the gallery and the notebooks, into build/site-figures/
    python -m mkdocs build --strict     the site in build/site/, with the figures that are there

What is generated is not stored: it cannot differ from the program.
"""
