"""Clouds as data: catalogues of listings, and one engine a cloud that runs their rows."""
