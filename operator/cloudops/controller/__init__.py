"""Watches the custom resources, writes the plan, judges, and writes status and events."""
