"""Failures of native code in words: which task, where, why."""
