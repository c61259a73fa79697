"""Shared objects and inputs -> outputs: the native engine, and its failures in words."""
