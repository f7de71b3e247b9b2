"""Ring 3: lineage as a graph: traced, collapsed, laid out, and written as text, DOT, Mermaid, SVG, HTML or JSON."""
