"""Reports in one structure: as text, as a self-contained HTML page, charts as SVG."""
