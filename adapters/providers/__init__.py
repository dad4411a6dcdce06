"""Status pages of every format, by HTTP, and recordings of them."""
