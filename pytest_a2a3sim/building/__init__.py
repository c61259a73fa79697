"""Sources -> shared objects: toolchain, compiler runs, the cache of what they made."""
