"""Running a case on the engine: once for its result, again to find out more."""
