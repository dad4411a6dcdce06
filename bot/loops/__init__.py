"""What runs for as long as the program does."""
