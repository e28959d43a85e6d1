"""Composition root: from settings to services. Nothing else wires anything.

A module for each kind of process, which imports what that one needs: a controller loads
no collector and no SDK, a reading command no catalogue.
"""
