"""An invoice history read from a file through its map."""
