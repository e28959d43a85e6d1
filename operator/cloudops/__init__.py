"""CloudOps Central: what runs in your clouds, what it costs and whether it follows the rules."""

__version__ = "0.1.0.dev0"
