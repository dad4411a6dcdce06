"""The words of the product, as values."""
