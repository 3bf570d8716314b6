"""What policies can speak about: facts and their types, case kinds, and how values enter and are shown."""
