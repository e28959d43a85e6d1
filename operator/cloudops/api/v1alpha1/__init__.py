"""Version v1alpha1 of the group cloudops.dev: one module a part of a kind."""
