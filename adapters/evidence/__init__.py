"""What people elsewhere say of trouble: Downdetector, Hacker News, GitHub's issues, Bluesky."""
