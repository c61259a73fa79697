"""The native engine, which nothing else of the package touches.

It turns built objects and inputs into outputs, or into what is known of a failure.
"""
