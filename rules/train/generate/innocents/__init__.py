"""Innocent values: what packages with names, texts and locales ship, and by grammar the nearest neighbours of attacks."""
