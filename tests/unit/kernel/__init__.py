"""The recorder, in real shells of IPython."""
