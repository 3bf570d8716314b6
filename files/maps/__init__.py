"""Which column of somebody's file is which fact: reading such maps, and rows through them."""
