"""What authors did wrong, as data: the diagnostic, its codes, and the wording of messages and hints."""
