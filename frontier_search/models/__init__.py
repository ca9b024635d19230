"""What a model is: families, architectures that count, and networks that train."""
