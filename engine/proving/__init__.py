"""What can be proved about tables and rules before they decide: overlaps, gaps, parts that never hold."""
