"""The database: opened so that what is committed survives, its tables, and moving an older one up to date."""
