"""nbgit: git and Jupyter notebooks, working together."""

__version__ = "0.1.0"
