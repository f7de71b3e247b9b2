"""Ring 3: three-way merge of notebooks."""
