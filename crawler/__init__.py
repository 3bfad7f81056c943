"""Clew's crawler."""
