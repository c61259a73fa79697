"""The build cache: files, locks and sizes. It knows nothing of compilers."""
